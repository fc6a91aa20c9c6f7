import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitCode } from '../../../../rig/console/io.ts';
import { PACKAGE_ROOT } from '../../../../rig/console/package-root.ts';
import { type ReplaySuiteOptions, replaySuite } from '../../../../rig/judge/suite/suite.ts';
import { fakeIo } from '../../console/fake-io.ts';

export const SHIPPED: string = join(PACKAGE_ROOT, 'suites', 'vitale2');
/** The code of the test card: no report may show it. */
export const CODE = '274916';

/** A suite of traces that are those of the shipped one, as they are or changed. */
export function makeSuite(folder: string, yaml: string, traces: Readonly<Record<string, string>>): string {
  const suite = join(folder, 'suite');
  mkdirSync(suite, { recursive: true });
  writeFileSync(join(suite, 'suite.yaml'), yaml);
  writeFileSync(join(suite, 'secrets.yaml'), readFileSync(join(SHIPPED, 'secrets.yaml')));
  for (const [name, text] of Object.entries(traces)) writeFileSync(join(suite, name), text);
  return suite;
}

export function shippedTrace(name: string): string {
  return readFileSync(join(SHIPPED, name), 'utf8');
}

/** The same with another first byte in the answer of an exchange. */
export function withOtherAnswer(trace: string, exchange: number): string {
  let at = 0;
  return trace
    .split('\n')
    .map((line) => {
      if (!line.includes('"type":"response"') || ++at !== exchange) return line;
      return line.replace(/"apdu":"(.)/, (_, digit: string) => `"apdu":"${digit === '0' ? '1' : '0'}`);
    })
    .join('\n');
}

export interface SuiteRun {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

export async function runSuite(
  folder: string,
  change: Partial<ReplaySuiteOptions> = {},
  io: ReturnType<typeof fakeIo> = fakeIo(),
): Promise<SuiteRun> {
  const exit = await replaySuite(
    {
      folder,
      reader: { driver: 'loopback' },
      card: { kind: 'profile', name: 'vitale2' },
      interface: null,
      rules: null,
      secrets: null,
      keepGoing: false,
      keepSecrets: false,
      jobs: 1,
      only: null,
      list: false,
      outputs: { html: null, junit: null, evidence: null },
      timeoutMs: 1000,
      ...change,
    },
    io,
  );
  return { exit, out: io.out.join(''), err: io.err.join('') };
}
