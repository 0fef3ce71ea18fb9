# What release.yml calls, and nobody else. What it takes comes in the environment and is read by the shell, never by make:
# RELEASE (a tag such as v1.2.3), IMAGE and DIGEST, or INGEST_DIGEST and API_DIGEST (sha256:…).

REGISTRY ?= ghcr.io/plugwatch
OVERLAY := k8s/overlays/production
APPLICATION := k8s/argocd/application.yaml
COPY := skopeo copy --all --preserve-digests
DIGEST_LIKE := ^sha256:[0-9a-f]{64}$$

# The tag as an output of the workflow, if it is what pyproject.toml says and the commit is on main.
.PHONY: release-version
release-version:
	@version=$$($(PYTHON) -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])') \
	  && { test "$$RELEASE" = "v$$version" || { echo "the tag is $$RELEASE and pyproject.toml says $$version: delete the tag, and tag the commit that says so" >&2; exit 1; }; }
	@git merge-base --is-ancestor HEAD origin/main || { echo "$$RELEASE is not on main: delete the tag, and tag what was reviewed" >&2; exit 1; }
	@echo "release=$$RELEASE"

# The archive of the build goes out by its digest, without a name; another archive than the one that was built does not.
.PHONY: publish-image
publish-image:
	@$(COPY) "oci-archive:$$IMAGE.tar" "docker://$(REGISTRY)/$$IMAGE@$$DIGEST"

# It gets its name once it is attested. A name that is taken is never moved.
.PHONY: tag-image
tag-image:
	@if taken=$$(skopeo inspect --format '{{.Digest}}' "docker://$(REGISTRY)/$$IMAGE:$$RELEASE" 2>/dev/null); \
	  then test "$$taken" = "$$DIGEST" || { echo "$$IMAGE:$$RELEASE is $$taken already, and a release is not made twice: raise the version" >&2; exit 1; }; \
	  else $(COPY) "docker://$(REGISTRY)/$$IMAGE@$$DIGEST" "docker://$(REGISTRY)/$$IMAGE:$$RELEASE"; fi

.PHONY: github-release
github-release:
	@printf '%s\n' '| image | digest |' '|---|---|' \
	    "| \`$(REGISTRY)/plugwatch-ingest:$$RELEASE\` | \`$$INGEST_DIGEST\` |" \
	    "| \`$(REGISTRY)/plugwatch-api:$$RELEASE\` | \`$$API_DIGEST\` |" '' \
	    'docs/releasing.md says how to verify and how to deploy them.' \
	  | gh release create "$$RELEASE" --verify-tag --generate-notes --notes-file -

# The digests into the production overlay, and the Application to the tag that will hold it.
.PHONY: bump-production
bump-production: $(BIN)/kustomize
	@for digest in "$$INGEST_DIGEST" "$$API_DIGEST"; do [[ $$digest =~ $(DIGEST_LIKE) ]] || { echo "not a digest: $$digest" >&2; exit 1; }; done
	@sed -i -E -e "/name: .*\/plugwatch-ingest$$/{n;s/\S+: .*/digest: $$INGEST_DIGEST # $$RELEASE/}" \
	    -e "/name: .*\/plugwatch-api$$/{n;s/\S+: .*/digest: $$API_DIGEST # $$RELEASE/}" $(OVERLAY)/kustomization.yaml
	@sed -i -E "s/(targetRevision:) \S+/\1 production-$$RELEASE/" $(APPLICATION)
	@for image in "plugwatch-ingest@$$INGEST_DIGEST" "plugwatch-api@$$API_DIGEST"; do \
	    $(BIN)/kustomize build $(OVERLAY) | grep --fixed-strings "/$$image" >/dev/null || { echo "$(OVERLAY) does not run $$image" >&2; exit 1; }; done

# … as a commit upon the release, a tag that Argo CD can be pinned to, and a pull request, for which CI is started.
.PHONY: propose-production
propose-production: bump-production
	@git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
	    commit --quiet --all --message "chore(production): $$RELEASE"
	@git tag "production-$$RELEASE"
	@gh auth setup-git
	@git push --quiet origin "HEAD:refs/heads/deploy/$$RELEASE" "production-$$RELEASE"
	@gh pr create --base main --head "deploy/$$RELEASE" --title "chore(production): $$RELEASE" \
	    --body "Merging this deploys $$RELEASE: see docs/releasing.md."
	@gh workflow run ci.yml --ref "deploy/$$RELEASE"
