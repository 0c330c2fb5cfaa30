// SPDX-License-Identifier: Apache-2.0
// Asks a policy server by OPA's own SDK for TypeScript: policy_sdk.mjs URL INPUTS RESULTS. INPUTS is a JSON
// array; RESULTS is written: for each input what the SDK returned, or {"refused": what it threw}.
import { readFileSync, writeFileSync } from "node:fs";
import { OPAClient } from "@open-policy-agent/opa";

const [url, inputs, results] = process.argv.slice(2);
const client = new OPAClient(url);

async function outcome(asked) {
  try {
    return (await asked) ?? null;
  } catch (error) {
    return { refused: error.message, code: error.code, errors: error.errors };
  }
}

const all = JSON.parse(readFileSync(inputs, "utf8"));
const one = (path, input) => outcome(client.evaluate(path, input));
const answers = {
  decisions: await Promise.all(all.map((input) => one("rebake/decision", input))),
  part: await one("rebake/decision/decision", all[0]),
  above: await one("rebake", all[0]),
  undefined: await one("another/package", all[0]),
  withoutInput: await one("rebake/decision"),
  noInput: await one("rebake/decision", { subject: "rebuild" }),
  batch: await outcome(
    client.evaluateBatch("rebake/decision", { a: all[0], b: all[1] }, { fallback: true, rejectMixed: true }),
  ),
};
writeFileSync(results, JSON.stringify(answers, null, 1));
