import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesOf } from '../../../rig/command/command-tree.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { benchDocuments } from './documents/bench-documents.ts';
import { boardDocuments } from './documents/board-documents.ts';
import { cardDocuments } from './documents/card-documents.ts';
import { counterDocuments } from './documents/counter-documents.ts';
import { evidenceDocuments } from './documents/evidence-documents.ts';
import { identityDocuments } from './documents/identity-documents.ts';
import { issuerDocuments } from './documents/issuer-documents.ts';
import { labDocuments } from './documents/lab-documents.ts';
import { phoneDocuments } from './documents/phone-documents.ts';
import { RealDocuments } from './documents/real-documents.ts';
import { traceDocuments } from './documents/trace-documents.ts';
import { accepts, expectPublished, readSchema, SCHEMAS } from './published-schemas.ts';

/** What each command prints with --json: the names of its schemas. `error` is of every command. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  'card build': ['card-build'],
  'card show': ['card-show'],
  'card explain': ['card-explain'],
  'card commands': ['card-commands'],
  tap: ['tap'],
  apdu: ['apdu'],
  shell: ['apdu'],
  emulate: ['emulate-event'],
  record: ['record'],
  convert: ['convert', 'trace-formats'],
  'trace show': ['trace-show'],
  'trace diff': ['trace-diff'],
  'trace stat': ['trace-stat'],
  replay: ['replay', 'replay-interrupted', 'replay-suite', 'replay-suite-list'],
  synth: ['synth'],
  conform: ['conform', 'conform-list'],
  'evidence keygen': ['evidence-keygen'],
  'evidence image': ['evidence-image'],
  'evidence verify': ['evidence-verify'],
  'board list': ['board-list'],
  'board test': ['board-test', 'board-test-loop'],
  'board flash': ['board-flash', 'board-flash-batch'],
  'board records': ['board-records'],
  'board sim': ['board-sim-event'],
  'bench tap': ['bench-tap'],
  'bench apdu': ['bench-apdu'],
  'bench core': ['bench-core'],
  'bench link': ['bench-link'],
  'bench flash': ['bench-flash'],
  'bench trace': ['bench-trace', 'bench-report'],
  'bench crowd': ['bench-crowd'],
  'bench crypto': ['bench-crypto'],
  'bench soak': ['bench-soak'],
  'bench compare': ['bench-compare'],
  'bench peer': ['bench-peer'],
  'bench issuer': ['bench-issuer'],
  'bench lab': ['bench-lab'],
  'lab serve': ['lab-serve'],
  'lab bench': ['lab-bench-event'],
  'lab submit': ['lab-submit', 'lab-watch-event'],
  'lab watch': ['lab-watch-event'],
  'lab cancel': ['lab-cancel'],
  'lab results': ['lab-campaigns', 'lab-results', 'lab-case', 'lab-check'],
  'lab compare': ['lab-compare'],
  'lab export': ['lab-export'],
  'lab prune': ['lab-prune'],
  'lab benches': ['lab-benches', 'lab-quarantine'],
  'lab token add': ['lab-token-add'],
  'lab token list': ['lab-token-list'],
  'lab token revoke': ['lab-token-revoke'],
  doctor: ['doctor'],
  'pki init': ['pki-init'],
  'pki issue': ['pki-issue'],
  'pki show': ['pki-show'],
  'firmware build': ['firmware-build'],
  'firmware measure': ['firmware-measure'],
  'firmware put': ['firmware-put'],
  'identity init': ['identity-init'],
  'identity serve': ['identity-serve'],
  'identity present': ['identity-present'],
  'issuer init': ['issuer-init'],
  'issuer serve': ['issuer-serve'],
  'issuer insured import': ['issuer-insured-import'],
  'issuer insured generate': ['issuer-insured-generate'],
  'issuer rollout': ['issuer-rollout'],
  'issuer review': ['issuer-review', 'issuer-review-list'],
  'issuer status': ['issuer-status'],
  'issuer revoke': ['issuer-revoke'],
  'issuer offer': ['issuer-offer'],
  'issuer audit': ['issuer-audit'],
  'phone activate': ['phone-activate'],
  'phone unlock': ['phone-unlock'],
  'phone lock': ['phone-lock'],
  'phone present': ['phone-present-event'],
  'phone qr': ['phone-qr'],
  'phone change-code': ['phone-change-code'],
  'phone sync': ['phone-sync'],
  'phone credential': ['phone-credential'],
  'phone status': ['phone-status'],
  'phone delegate': ['phone-delegate'],
  'phone delegations': ['phone-delegations'],
  'phone undelegate': ['phone-undelegate'],
  'phone apply': ['phone-apply'],
  'phone application': ['phone-application'],
  'phone lost': ['phone-lost'],
  'phone wipe': ['phone-wipe'],
  'counter tap': ['counter-reading'],
  'counter scan': ['counter-reading'],
  'counter claim': ['counter-claim'],
  'counter queue': ['counter-queue'],
  'counter context renew': ['counter-context'],
  'counter context destroy': ['counter-context'],
};

/** Documents that are kept in files. */
const STORED = [
  'board-record',
  'batch-state',
  'counter-queued-claim',
  'flashed-card',
  'lab-key',
  'phone-state',
  'terminal-keys',
  'evidence-manifest',
  'evidence-environment',
];

/** What needs real parts is judged by the test that has them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'emulate-event': 'json-schemas',
  record: 'json-schemas',
  'board-sim-event': 'json-schemas',
  'bench-link': 'json-schemas',
  'bench-trace': 'json-schemas',
  'bench-report': 'json-schemas',
  'bench-peer': 'bench-peer',
  'bench-lab': 'bench-lab',
  'firmware-build': 'firmware',
  'firmware-measure': 'firmware',
  'firmware-put': 'firmware',
  'phone-present-event': 'phone',
  'phone-unlock': 'phone',
};

/** Keys that a document may lack. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'board-record': ['stationLimits'],
  'evidence-manifest': ['kind'],
  'lab-key': ['d'],
  'terminal-keys': ['signers'],
  tap: ['plans'],
  apdu: ['error'],
  'bench-tap': ['channel', 'comparison'],
  // Parts that were asked for.
  'bench-lab': ['kills', 'scheduling', 'idle', 'growth', 'pool'],
};

const documents = new RealDocuments();

beforeAll(async () => {
  // In this order: some work with files of those before them.
  await cardDocuments(documents);
  await issuerDocuments(documents);
  await identityDocuments(documents);
  await counterDocuments(documents);
  await phoneDocuments(documents);
  await traceDocuments(documents);
  await evidenceDocuments(documents);
  await labDocuments(documents);
  await boardDocuments(documents);
  await benchDocuments(documents);
  await documents.printed('error', 'board', 'records', '--since', 'soon');
}, 300_000);
afterAll(() => documents.remove());

describe('every JSON has a schema', () => {
  it('every command with --json is in the list, and no other', () => {
    const program = new Command();
    for (const declare of VERBS) declare(program, () => Promise.resolve());
    const withJson = leavesOf(program)
      .filter(({ command }) => command.options.some(({ long }) => long === '--json'))
      .map(({ path }) => path.join(' '));
    expect(withJson.sort()).toEqual(Object.keys(PRINTED).sort());
  });

  it('every schema is of something, and everything has a schema', () => {
    const named = new Set([...Object.values(PRINTED).flat(), ...STORED, 'error']);
    expect([...SCHEMAS].sort()).toEqual([...named].sort());
  });

  it('every schema is held against a real document, here or where the real parts are', () => {
    expect([...documents.names, ...Object.keys(ELSEWHERE)].sort()).toEqual([...SCHEMAS].sort());
    for (const [name, test] of Object.entries(ELSEWHERE)) {
      const source = readFileSync(new URL(`../../interop/${test}.test.ts`, import.meta.url), 'utf8');
      expect(source, name).toContain(`expectPublished('${name}'`);
    }
  });
});

describe('the published schemas', () => {
  const here = SCHEMAS.filter((name) => !(name in ELSEWHERE));

  it.each(here)('%s takes what is really written, and nothing else', (name) => {
    const real = documents.of(name);
    for (const document of real) {
      expectPublished(name, document);
      expect(accepts(name, { ...document, more: 1 })).toBe(false);
    }
    for (const key of Object.keys(real[0] as object)) {
      const { [key]: _, ...less } = real[0] as Record<string, unknown>;
      expect(accepts(name, less), key).toBe(OPTIONAL[name]?.includes(key) ?? false);
    }
  });

  it.each(SCHEMAS)('%s says of every object in it which keys it has', (name) => {
    const loose: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { type, properties, additionalProperties } = node as Record<string, unknown>;
      const isOpen = additionalProperties === undefined || additionalProperties === true;
      if (type === 'object' && (isOpen || (properties !== undefined && additionalProperties !== false)))
        loose.push(path);
      for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`);
    };
    walk(readSchema(name), '');
    expect(loose).toEqual([]);
  });
});
