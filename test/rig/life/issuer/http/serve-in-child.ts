import { serveIssuer } from '../../../../../rig/life/issuer/http/serve.ts';

/** Serves the issuer of a folder, until it is killed. */
await serveIssuer(
  {
    ...{ folder: process.argv[2] as string, host: null, port: null, certificate: null, key: null },
    ...{ identityProviders: [], faults: [], requests: 100_000, quiet: true },
  },
  {
    stdout: (text) => void process.stdout.write(text),
    delivered: () => Promise.resolve(true),
    stderr: (text) => void process.stderr.write(text),
    json: true,
    ...{ stdinIsTty: false, stdoutIsTty: false, stderrIsTty: false },
    env: process.env,
    signal: new AbortController().signal,
    askHidden: () => Promise.reject(new Error('nobody is asked')),
  },
);
