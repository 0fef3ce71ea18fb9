// An independent charger against a running Plugwatch: npm ocpp-rpc, whose strict mode checks every reply
// against the official schemas, sends all a charger can send, then the API is asked what arrived.
// Last line: "N passed, N failed"; exit code 1 if any failed.

import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { RPCClient, createValidator } from 'ocpp-rpc';
import { dialects } from './messages.js';

const { values: given } = parseArgs({
  options: {
    url: { type: 'string', default: 'ws://127.0.0.1:9000/ocpp' },
    api: { type: 'string', default: 'http://127.0.0.1:8000' },
    'admin-token': { type: 'string' },
  },
});

// ocpp-rpc 2.2.1 looks 2.1 messages up as "urn:X.req" and "urn:X.conf" but ships them as "urn:XRequest" and
// "urn:XResponse"; and their enums have an "additionalProperties", of which ajv complains at length.
const schemas21 = createRequire(import.meta.url)('ocpp-rpc/lib/schemas/ocpp2_1.json').map((schema) => ({
  ...schema,
  $id: schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf'),
  definitions: Object.fromEntries(Object.entries(schema.definitions ?? {}).map(
    ([name, { additionalProperties, ...rest }]) => [name, rest.enum ? rest : { ...rest, additionalProperties }],
  )),
}));
const strictModeValidators = [createValidator('ocpp2.1', schemas21)];

const DEADLINE_MS = 5000;
let passed = 0;
let failed = 0;

async function check(name, attempt) {
  try {
    await attempt();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.rpcErrorCode ?? ''} ${error.message}`);
  }
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

async function api(method, path, body) {
  const response = await fetch(given.api + path, {
    method,
    headers: { authorization: `Bearer ${given['admin-token']}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const text = await response.text();
  expect(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

// Whether all of `wanted` is in `found`.
function includes(found, wanted) {
  return Object.entries(wanted).every(([key, value]) =>
    typeof value === 'object' ? includes(found?.[key] ?? {}, value) : found?.[key] === value);
}

function statusesOf(document) {
  const connectors = document.evses.flatMap((evse) => evse.connectors.map((c) => [`${evse.id}:${c.id}`, c.reported]));
  return Object.fromEntries([...(document.connector0 ? [['0:0', document.connector0.reported]] : []), ...connectors]);
}

async function connect(dialect, identity, password, strictMode) {
  const charger = new RPCClient({
    endpoint: given.url, identity, password, protocols: [dialect], strictMode, strictModeValidators,
    reconnect: false, callTimeoutMs: DEADLINE_MS,
  });
  await charger.connect();
  return charger;
}

async function sendsGoodMessages(dialect, charger) {
  for (const [action, payload, wanted] of dialects[dialect].messages()) {
    await check(`${dialect} ${action}`, async () => {
      const reply = await charger.call(action, payload);
      expect(!wanted || includes(reply, wanted), `expected ${JSON.stringify(wanted)}, got ${JSON.stringify(reply)}`);
    });
  }
}

async function sendsBadMessages(dialect, charger) {
  for (const [action, payload, codes] of dialects[dialect].bad) {
    await check(`${dialect} ${action} ${JSON.stringify(payload)}`, async () => {
      const answer = await charger.call(action, payload).then(() => 'CALLRESULT', (error) => error.rpcErrorCode);
      expect(codes.includes(answer), `expected ${codes.join(' or ')}, got ${answer}`);
    });
  }
}

// 2.1 §4.2.4: a SEND is never answered; the Heartbeat behind it is.
async function sendsStream(charger) {
  const answers = [];
  charger.on('message', ({ message, outbound }) => outbound || answers.push(JSON.parse(message)[1]));
  charger.sendRaw(JSON.stringify([6, 'stream-1', 'NotifyPeriodicEventStream', {
    id: 1, pending: 0, basetime: new Date().toISOString(), data: [{ t: 0, v: '1' }],
  }]));
  await charger.call('Heartbeat', {});
  expect(!answers.includes('stream-1'), 'a SEND was answered');
}

async function showsStatuses(dialect, identity) {
  const deadline = Date.now() + DEADLINE_MS;
  const wanted = dialects[dialect].statuses;
  let found;
  do {
    found = statusesOf(await api('GET', `/v1/charge-points/${encodeURIComponent(identity)}`));
    if (isDeepStrictEqual(found, wanted)) return;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  } while (Date.now() < deadline);
  throw new Error(`the API says ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`);
}

async function closes(charger) {
  const { code } = await charger.close({ code: 1000, reason: 'done' });
  expect(code === 1000, `closed with ${code}`);
}

async function converses(dialect, station) {
  const identity = `${station}|${dialect}`;
  const password = randomBytes(20).toString('hex');
  await api('POST', `/v1/stations/${station}/charge-points`, { id: identity, password });

  const charger = await connect(dialect, identity, password, true);
  expect(charger.protocol === dialect, `asked for ${dialect}, got ${charger.protocol}`);
  await sendsGoodMessages(dialect, charger);
  if (dialect === 'ocpp2.1') await check('ocpp2.1 SEND', () => sendsStream(charger));
  await check(`${dialect} statuses through the API`, () => showsStatuses(dialect, identity));
  await check(`${dialect} close`, () => closes(charger));

  const careless = await connect(dialect, identity, password, false); // strict mode would not let bad messages out
  await sendsBadMessages(dialect, careless);
  await check(`${dialect} statuses after bad messages`, () => showsStatuses(dialect, identity));
  await careless.close();

  await check(`${dialect} wrong password`, async () => {
    const answer = await connect(dialect, identity, 'wrong', true).then(() => 101, (error) => error.code);
    expect(answer === 401, `expected 401, got ${answer}`);
  });
}

const station = `conformance-${randomBytes(4).toString('hex')}`;
await check('create a station', () => api('POST', '/v1/stations', { id: station, name: 'Conformance' }));
for (const dialect of Object.keys(dialects)) {
  await check(`${dialect} conversation`, () => converses(dialect, station));
}
await check('delete the station', () => api('DELETE', `/v1/stations/${station}`));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
