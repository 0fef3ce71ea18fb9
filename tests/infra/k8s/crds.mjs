// Custom resources against the schemas of their own definitions: a JSON array on stdin, what is wrong with them on stdout.
// A schema says nothing of fields that it does not know, and the API server drops those silently; here every field that
// the schema never looked at is an error, too.
import { Application, AppProject } from "@kubernetes-models/argo-cd/argoproj.io/v1alpha1";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { PodMonitor, PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const KNOWN = new Map([Application, AppProject, HTTPRoute, PodMonitor, PrometheusRule, ScaledObject].map((one) => [`${one.apiVersion} ${one.kind}`, one]));

// What a validator reads of `value` is taken off `unread`, field by field.
function watched(value, path, unread) {
  if (typeof value !== "object" || value === null) return value;
  for (const key of Object.keys(value)) unread.add(`${path}.${key}`);
  const inside = new Map();
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== "string" || !Object.hasOwn(target, key)) return target[key];
      unread.delete(`${path}.${key}`);
      if (!inside.has(key)) inside.set(key, watched(target[key], `${path}.${key}`, unread));
      return inside.get(key);
    },
  });
}

function* faults(object) {
  const name = `${object.kind}/${object.metadata?.name}`;
  const Kind = KNOWN.get(`${object.apiVersion} ${object.kind}`);
  if (Kind === undefined) return yield `${name}: no schema for ${object.apiVersion} ${object.kind}; add it to tests/infra/k8s/crds.mjs`;
  const unread = new Set();
  try {
    Kind.prototype.validate.call(watched(object, "", unread)); // on it itself: the constructor would copy, so read, all of it
  } catch (error) {
    yield `${name}: ${error.message}`;
  }
  for (const path of unread) yield `${name}: ${path} is not in the schema`;
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
const found = JSON.parse(input).flatMap((object) => [...faults(object)]);
for (const fault of found) console.log(fault);
process.exitCode = found.length ? 1 : 0;
