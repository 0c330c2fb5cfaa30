# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a repository offers, as a check of it finds.

# offers_index SOURCE: checks a source, given in the words of a pipeline file, and prints the path of its
# index of offers.
offers_index() {
  rm -rf "$LAB/fetched"
  cat >"$LAB/pipeline.yaml" <<P
apiVersion: rebake/v1
pipeline: lab
sources:
  code: { git: https://git.example.com/lab.git, branch: main }
  base: { image: registry.example.com/base, tag: "1" }
  lab: $1
images:
  image: { from: base, context: { source: code }, packages: [lab], push: registry.example.com/image }
P
  "$REBAKE_BUILD/rebake" fetch "$LAB/pipeline.yaml" lab "$LAB/fetched" --cache "$LAB/cache" --json |
    jq -r .detail.index
}
