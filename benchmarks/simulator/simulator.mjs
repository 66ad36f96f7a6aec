// Runs the core of @cloud-copilot/iam-simulate as a program of its own: one JSON command per line in, one answer per line out.
//
//   node simulator.mjs NODE_MODULES
//   {"decide": [case, ...]}            ->  {"answers": ["Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied" | "error: ...", ...]}
//   {"load": [case, ...]}              ->  {"loaded": n}: keeps them, policies parsed and requests built
//   {"time": iterations}               ->  {"seconds": s}: one pass over what was loaded, the mean of the iterations
//   a case: {"policies": [document], "boundary": document | null, "levels": [[document]], "action", "resource", "context": {}}
//
// The package is AGPL: it is neither imported by Python code nor copied nor shipped; whoever wants it installs it elsewhere.

import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const PRINCIPAL = "arn:aws:iam::111122223333:user/veeam";
const ACCOUNT = "111122223333";

const scope = join(process.argv[2], "@cloud-copilot");
const load = (...parts) => import(pathToFileURL(join(scope, ...parts)).href);
const { loadPolicy } = await load("iam-policy", "dist", "esm", "index.js");
const { authorize } = await load("iam-simulate", "dist", "esm", "core_engine", "CoreSimulatorEngine.js");
const { AwsRequestImpl } = await load("iam-simulate", "dist", "esm", "request", "request.js");
const { RequestContextImpl } = await load("iam-simulate", "dist", "esm", "requestContext.js");
const { DiscoveryContextKeyConstraints } = await load(
  "iam-simulate", "dist", "esm", "context_keys", "discoveryContextKeyConstraints.js"
);

const parsed = new Map();

function policy(document) {
  const text = JSON.stringify(document);
  if (!parsed.has(text)) parsed.set(text, loadPolicy(document, { name: "policy" }));
  return parsed.get(text);
}

function request(asked) {
  const target = { resource: asked.resource, accountId: ACCOUNT };
  const context = new RequestContextImpl(asked.context ?? {});
  return {
    request: new AwsRequestImpl(PRINCIPAL, target, asked.action, context, asked.resource === "*"),
    sessionPolicy: undefined,
    identityPolicies: asked.policies.map(policy),
    serviceControlPolicies: (asked.levels ?? []).map((level, index) => ({
      orgIdentifier: `level-${index}`,
      policies: level.map(policy),
    })),
    resourceControlPolicies: [],
    resourcePolicy: undefined,
    permissionBoundaries: asked.boundary ? [policy(asked.boundary)] : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: "Strict",
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
    },
  };
}

function decide(asked) {
  try {
    return authorize(request(asked)).result;
  } catch (error) {
    return `error: ${error.message}`;
  }
}

let loaded = [];

function time(iterations) {
  const start = performance.now();
  for (let count = 0; count < iterations; count++) for (const each of loaded) authorize(each);
  return (performance.now() - start) / 1000 / iterations;
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  parsed.clear();
  if (command.decide) answer = { answers: command.decide.map(decide) };
  else if (command.load) answer = { loaded: (loaded = command.load.map(request)).length };
  else answer = { seconds: time(command.time) };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
