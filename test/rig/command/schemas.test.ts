import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { flashBatch } from '../../../rig/board/batch.ts';
import type { BatchOptions } from '../../../rig/board/batch-options.ts';
import type { BoardTestOptions } from '../../../rig/board/board-test-options.ts';
import type { BoardUnderTest } from '../../../rig/board/board-under-test.ts';
import type { ProgramOptions } from '../../../rig/board/firmware/program-board.ts';
import { flash } from '../../../rig/board/flash.ts';
import { flashFirmware } from '../../../rig/board/flash-firmware.ts';
import type { Bench } from '../../../rig/board/open-board.ts';
import { testBoard } from '../../../rig/board/test-board.ts';
import { leavesOf } from '../../../rig/command/command-tree.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import { CounterFolder } from '../../../rig/life/counter/counter-folder.ts';
import { FollowUps } from '../../../rig/life/counter/follow-ups.ts';
import { commitActivation } from '../../../rig/life/issuer/activation.ts';
import { apply as applyWithoutIdentity } from '../../../rig/life/issuer/application.ts';
import { enrol } from '../../../rig/life/issuer/enrolment.ts';
import { openIssuer } from '../../../rig/life/issuer/issuer-folder.ts';
import { MemoryPorts } from '../../../rig/sim/serial/memory-port.ts';
import { VirtualTimeline } from '../../../rig/sim/timeline.ts';
import { openSql } from '../../../rig/store/open.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { simulatedBench } from '../board/simulated-bench.ts';
import { fault, program as firmwareProgram, imageOf, simulatedBoard, timersOf } from '../board/stm32/bench.ts';
import { fakeIo } from '../console/fake-io.ts';
import { ADRUN, deviceKey, holderKey, serial, ZOE } from '../life/issuer/people.ts';
import { startWorld } from '../life/openid/world.ts';
import { servedDouble } from '../life/phone/served-double.ts';
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

let folder: string;
/** Real documents by the name of their schema. */
const documents = new Map<string, unknown[]>();

function keep(name: string, document: unknown): void {
  documents.set(name, [...(documents.get(name) ?? []), document]);
}

async function vitap(...args: string[]): Promise<unknown> {
  const io = fakeIo({ env: { XDG_STATE_HOME: join(folder, 'state') }, json: true });
  await runCommandLine(args, '0.0.0', VERBS, io);
  return JSON.parse(io.out.join(''));
}

/** Runs it with --json and keeps what it prints. */
async function printed(name: string, ...args: string[]): Promise<void> {
  keep(name, await vitap(...args, '--json'));
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const at = (name: string): string => join(folder, name);

/** Where a bundle goes, and the lab's key, which signs it. */
const evidenceIn = (name: string) => ({ folder: at(name), key: at('lab.key.json'), imageKey: null });
const keepEnvironment = (bundle: string): void =>
  keep('evidence-environment', read(join(folder, bundle, 'environment.json')));

async function boardTest(more: Partial<BoardTestOptions>): Promise<unknown> {
  const io = fakeIo({ env: {}, json: true });
  const { a } = simulatedBench();
  const rest = { partner: null, operator: false, only: null, limits: null, loop: null, html: null, junit: null };
  const options = { port: 'sim-a', serialNumber: 'B1', records: at('records'), evidence: null, ...rest };
  const bench = { listed: [], open: async () => a, verifier: () => Promise.reject(new Error('unused')) as never };
  await testBoard({ ...options, record: { file: null, keepSecrets: false }, ...more }, io, bench);
  return JSON.parse(io.out.join(''));
}

/** Boards that wake up and say that they are a PN532; the one on /p/mute does not answer. */
const paperBench: Bench = {
  listed: [],
  open: async (port) =>
    ({
      name: `pn532:${port}`,
      identity: identifyBoard(port, []),
      wakeUp: async () => {
        if (port === '/p/mute') throw new HalError('timeout', 'nothing answers');
      },
      firmware: async () => ({ ic: 0x32, version: 1, revision: 6, support: 7 }),
      close: async () => {},
    }) as unknown as BoardUnderTest,
  verifier: () => Promise.reject(new Error('nothing reads back here')) as never,
};

async function flashed(): Promise<void> {
  const env = { XDG_STATE_HOME: at('state') };
  const record = { file: null, keepSecrets: false };
  const one = {
    image: at('card.img'),
    profile: null,
    verifyWith: null,
    force: false,
    serialNumber: 'B1',
    imageKey: null,
  };
  for (const port of ['/p/1', '/p/mute']) {
    const io = fakeIo({ env, json: true });
    await flash({ ...one, port, record }, io, paperBench);
    keep('board-flash', JSON.parse(io.out.join('')));
  }
  const boards = join(folder, 'state', 'vitap', 'boards');
  keep('flashed-card', read(join(boards, readdirSync(boards)[0] as string, 'flashed.json')));

  writeFileSync(at('list.csv'), 'serial\nB1\nB2\n');
  const io = fakeIo({ env, json: true });
  const ports = ['/p/1', '/p/mute'];
  const options: BatchOptions = {
    ...{ boards: ports, list: at('list.csv'), image: null, profile: 'ndef', verifyWith: null, resume: false },
    ...{ force: false, parallel: 1, imageKey: null, junit: null, evidence: evidenceIn('of-batch'), record },
  };
  await flashBatch(options, io, paperBench);
  keep('board-flash-batch', JSON.parse(io.out.join('')));
  keep('batch-state', read(at('list.csv.batch')));
  keepEnvironment('of-batch');
}

/** Firmware onto a simulated STM32, and onto one that does not answer. */
async function firmwareFlashed(): Promise<void> {
  for (const faults of [[], [fault('mute')]]) {
    const clock = new VirtualTimeline();
    const opener = new MemoryPorts([simulatedBoard(clock, '/sim/1', 0x413, { faults })]);
    const io = fakeIo({ env: { XDG_STATE_HOME: at('state') }, json: true });
    const program: ProgramOptions = {
      firmware: imageOf(firmwareProgram(1000)),
      ...{ cardAt: null, chip: null, unprotect: false, start: true, baudRate: 115_200, framing: '8E1' },
      boot: { how: 'none' },
    };
    const board = { target: 'stm32', path: '/sim/1' } as const;
    const options = { board, program, image: null, profile: null, resume: false, imageKey: null };
    await flashFirmware(options, io, { opener, timers: timersOf(clock), instruct: null });
    keep('board-flash', JSON.parse(io.out.join('')));
  }
}

async function traces(): Promise<void> {
  const trace = at('tap.jsonl');
  await printed('tap', 'tap', '--profile', 'vitale2', '--record', trace);
  await printed('tap', 'tap', '--profile', 'apcv', '--plan', 'minimal', '--explain');
  await printed('tap', 'tap', '--profile', 'ndef');
  await printed('convert', 'convert', trace, at('tap.pcapng'));
  await printed('trace-formats', 'convert', '--list');
  await printed('trace-show', 'trace', 'show', trace);
  await printed('trace-show', 'trace', 'show', at('tap.pcapng'), '--frames');
  await vitap('tap', '--profile', 'ndef', '--record', at('ndef.jsonl'), '--json');
  await printed('trace-diff', 'trace', 'diff', trace, at('ndef.jsonl'));
  await printed('trace-diff', 'trace', 'diff', trace, trace);
  await printed('trace-stat', 'trace', 'stat', trace);
  await printed('synth', 'synth', trace, '-o', at('rules.yaml'));
  await printed('replay', 'replay', trace, '--profile', 'vitale2');
  await printed('replay', 'replay', trace, '--profile', 'ndef', '--keep-going', '--max-deviation', '1ms');
  const suite = new URL('../../../suites/vitale2', import.meta.url).pathname;
  await printed('replay-suite', 'replay', suite, '--profile', 'vitale2');
  await printed('replay-suite', 'replay', suite, '--profile', 'ndef', '--only', '*by-*');
  await printed('replay-suite-list', 'replay', suite, '--list');
  await interruptedReplay(trace);
}

/** Stopped when the first exchange has been told. */
async function interruptedReplay(trace: string): Promise<void> {
  const stop = new AbortController();
  const io = fakeIo({ json: true, signal: stop.signal });
  const stdout = io.stdout.bind(io);
  const world = {
    ...io,
    stdout: (text: string) => {
      stdout(text);
      stop.abort();
    },
  };
  await runCommandLine(['replay', trace, '--profile', 'vitale2', '--json'], '0.0.0', VERBS, world);
  keep('replay-interrupted', JSON.parse(io.out.join('')));
}

async function issuers(): Promise<void> {
  const issuer = at('issuer');
  await printed('issuer-init', 'issuer', 'init', issuer, '--departments', '75,2a');
  await served('issuer-serve', 'issuer', 'serve', issuer, '--fault', 'stale-clock=90x2');
  writeFileSync(at('families.jsonl'), `${JSON.stringify(ADRUN)}\n`);
  await printed('issuer-insured-import', 'issuer', 'insured', 'import', issuer, at('families.jsonl'));
  await printed('issuer-insured-import', 'issuer', 'insured', 'import', issuer, at('families.jsonl'));
  await printed('issuer-insured-generate', 'issuer', 'insured', 'generate', issuer, '--count', '3');
  await printed('issuer-rollout', 'issuer', 'rollout', issuer, '--close', '2A', '--open', '974');
  const { sql, ...store } = (await openIssuer(issuer, Date.now())).store;
  const files = new Map([
    ['document-front', Uint8Array.of(1)],
    ['video', Uint8Array.of(2)],
  ] as const);
  const apply = () => applyWithoutIdentity({ sql, ...store }, { identity: ZOE, files, now: Date.now() });
  const [first, second] = [await apply(), await apply()];
  const { activationId } = await enrol({ sql, ...store }, { identity: ZOE, now: Date.now() });
  const keys = { deviceKey: deviceKey('A'), holderKey: holderKey(1), cardSerial: serial(1) };
  const cardSecurity = Uint8Array.of(0x30);
  await commitActivation({ sql, ...store }, { activationId, ...keys, cardSecurity, now: Date.now() });
  await sql.close();
  await printed('issuer-review-list', 'issuer', 'review', issuer);
  await printed('issuer-review-list', 'issuer', 'review', issuer, '--show');
  await printed('issuer-review', 'issuer', 'review', issuer, first.id, '--accept');
  await printed('issuer-review', 'issuer', 'review', issuer, second.id, '--refuse', 'unreadable');
  await printed('issuer-offer', 'issuer', 'offer', issuer, activationId);
  await printed('issuer-revoke', 'issuer', 'revoke', issuer, activationId, '--lost');
  await printed('issuer-status', 'issuer', 'status', issuer);
  await printed('issuer-status', 'issuer', 'status', issuer, '--show');
  await printed('issuer-audit', 'issuer', 'audit', issuer, '--tail', '3');
  await printed('issuer-audit', 'issuer', 'audit', issuer, '--expect', `1:${'0'.repeat(64)}`);
}

/** A server prints when it listens, and ends when it is told to. */
async function served(name: string, ...args: string[]): Promise<void> {
  const end = new AbortController();
  const io = fakeIo({ json: true, signal: end.signal });
  const stdout = (text: string): void => {
    io.stdout(text);
    end.abort();
  };
  await runCommandLine([...args, '--port', '0', '--json'], '0.0.0', VERBS, { ...io, stdout });
  keep(name, JSON.parse(io.out.join('')));
}

/** A verb that goes on until it is told to end: what it has printed so far, as lines or as one document. */
function started(...args: string[]) {
  const end = new AbortController();
  const io = fakeIo({ env: { XDG_STATE_HOME: join(folder, 'state') }, json: true, signal: end.signal });
  const ended = runCommandLine([...args, '--json'], '0.0.0', VERBS, io);
  return {
    text: () => io.out.join(''),
    stop: async () => {
      end.abort();
      await ended;
    },
  };
}

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

async function labs(): Promise<void> {
  const server = started('lab', 'serve', at('lab'), '--port', '0', '--quiet');
  await vi.waitFor(() => expect(server.text()).not.toBe(''), 60_000);
  const served = JSON.parse(server.text());
  keep('lab-serve', served);
  const lab = ['--server', served.listening, '--token-file', served.tokenFile];
  const add = ['lab', 'token', 'add', 'bench-1', '--role', 'bench', ...lab];
  await printed('lab-token-add', ...add);
  await printed('lab-token-add', ...add, '--out', at('bench.token'));
  writeFileSync(at('bench.yaml'), 'version: 1\npcsc: no\n');
  const bench = ['--server', served.listening, '--token-file', at('bench.token'), '--name', 'bench-1'];
  const working = started('lab', 'bench', ...bench, '--bench-file', at('bench.yaml'));
  await vi.waitFor(() => expect(lines(working.text()).length).toBeGreaterThan(1), 60_000);
  writeFileSync(at('campaign.yaml'), 'version: 1\nname: nightly\njudge: [{rehearsal: 50}]\n');
  await printed('lab-submit', 'lab', 'submit', at('campaign.yaml'), '--dry-run', ...lab);
  const { campaign } = (await vitap('lab', 'submit', at('campaign.yaml'), '--force', '--json', ...lab)) as {
    campaign: number;
  };
  const watched = fakeIo({ json: true });
  await runCommandLine(['lab', 'watch', `${campaign}`, '--json', ...lab], '0.0.0', VERBS, watched);
  const submitted = fakeIo({ json: true });
  const andWatch = ['lab', 'submit', at('campaign.yaml'), '--force', '--watch', '--json', ...lab];
  await runCommandLine(andWatch, '0.0.0', VERBS, submitted);
  for (const each of lines([...submitted.out, ...watched.out].join(''))) keep('lab-watch-event', each);
  await printed('lab-cancel', 'lab', 'cancel', `${campaign}`, ...lab);
  await printed('lab-campaigns', 'lab', 'results', ...lab);
  await printed('lab-results', 'lab', 'results', `${campaign}`, ...lab);
  await printed('lab-case', 'lab', 'results', '--all', '--case', 'SEL-001', ...lab);
  await printed('lab-check', 'lab', 'results', '--check', ...lab);
  await printed('lab-compare', 'lab', 'compare', `${campaign}`, `${campaign + 1}`, ...lab);
  await printed('lab-export', 'lab', 'export', `${campaign}`, '--csv', at('lab.csv'), ...lab);
  const evidence = ['--evidence', at('of-lab'), '--evidence-key', at('lab.key.json')];
  await printed('lab-export', 'lab', 'export', `${campaign}`, ...evidence, ...lab);
  keep('evidence-manifest', read(join(folder, 'of-lab', 'manifest.json')));
  await printed('evidence-verify', 'evidence', 'verify', at('of-lab'));
  await printed('lab-prune', 'lab', 'prune', '--older-than', '90', ...lab);
  await printed('lab-benches', 'lab', 'benches', ...lab);
  await printed('lab-quarantine', 'lab', 'benches', '--quarantine', 'bench-1', '--reason', 'a new reader', ...lab);
  await printed('lab-quarantine', 'lab', 'benches', '--release', 'bench-1', ...lab);
  await printed('lab-token-list', 'lab', 'token', 'list', ...lab);
  await printed('lab-token-revoke', 'lab', 'token', 'revoke', '2', ...lab);
  await working.stop();
  for (const each of lines(working.text())) keep('lab-bench-event', each);
  await server.stop();
}

async function presented(): Promise<void> {
  const world = await startWorld(await openSql(at('presented')));
  const args = ['identity', 'present', '--issuer', world.issuer, '--identity', world.identity];
  await printed('identity-present', ...args);
  await printed('identity-present', ...args, '--person', 'nobody');
  await world.close();
}

async function counters(): Promise<void> {
  const env = { VITAP_CAN: '161803', VITAP_PIN: '274916' };
  for (const more of [['--invoices'], ['--show']]) {
    const io = fakeIo({ env, json: true });
    const args = ['counter', 'tap', '--profile', 'apcv', '--keys', 'test', '--json', ...more];
    await runCommandLine(args, '0.0.0', VERBS, io);
    keep('counter-reading', JSON.parse(io.out.join('')));
  }
  const proof = { kind: 'offline QR', tokenId: '0'.repeat(32), text: 'VT1:TEXT' } as const;
  new FollowUps(new CounterFolder(at('counter'))).keep({
    at: '2026-11-29T12:00:00.000Z',
    issuer: 'http://127.0.0.1:9',
    proof,
  });
  writeFileSync(
    at('claim.yaml'),
    'number: "000000042"\ndate: 20261129\nbeneficiary: 1\nprofessionalId: "991234567"\nprofessionalName: CABINET\n' +
      'total: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n',
  );
  const folder = ['--counter', at('counter')];
  await printed('counter-queue', 'counter', 'queue', ...folder);
  await printed('counter-claim', 'counter', 'claim', at('claim.yaml'), '--after', 'last', ...folder);
  await printed('counter-queue', 'counter', 'queue', ...folder);
  // Nobody listens on that port.
  await printed('counter-queue', 'counter', 'queue', 'send', '--keys', 'test', ...folder);
  keep(
    'counter-queued-claim',
    read(join(at('counter'), 'queue', readdirSync(join(at('counter'), 'queue'))[0] as string)),
  );
}

async function phones(): Promise<void> {
  const served = await servedDouble();
  type Document = Record<string, unknown>;
  const phone = async (name: string, env: Record<string, string>, words: readonly string[]): Promise<Document> => {
    const io = fakeIo({ env: { VITAP_PIN: '385127', VITAP_TICKET: 'application:1.right', ...env }, json: true });
    await runCommandLine(['phone', ...words, '--json'], '0.0.0', VERBS, io);
    const document = JSON.parse(io.out.join(''));
    keep(name, document);
    return document;
  };
  const [old, fresh] = [
    ['--phone', at('phone')],
    ['--phone', at('fresh')],
  ];
  const newCode = { VITAP_NEW_PIN: '385127' };
  mkdirSync(at('phone'));
  await phone('phone-status', {}, ['status', ...old]);
  await phone('phone-activate', newCode, ['activate', '--issuer', served.origin, ...old]);
  const invoice = {
    number: '000000042',
    date: '20261129',
    beneficiaryIndex: 1,
    professionalId: '991234567',
    professionalName: 'CABINET',
    total: 3000,
    amo: 1900,
    amc: 900,
    patient: 200,
    thirdParty: true,
    status: 'recorded',
  } as const;
  served.issuer.offered.push({ id: 1, invoice });
  await phone('phone-sync', {}, ['sync', ...old]);
  await phone('phone-status', {}, ['status', ...old]);
  await phone('phone-qr', {}, ['qr', '--presence', ...old]);
  await phone('phone-qr', {}, ['qr', '--offline', ...old]);
  await phone('phone-change-code', { VITAP_NEW_PIN: '529173' }, ['change-code', ...old]);
  await phone('phone-lock', {}, ['lock', ...old]);
  keep('phone-state', read(join(at('phone'), 'phone.json')));
  // As after a credential came, which test/rig/life/phone/with-issuer.test.ts obtains.
  const state = { offer: null, refreshToken: 'x', expiresAt: Date.now() + 30 * 86_400_000 };
  const note = { ...(read(join(at('phone'), 'phone.json')) as object), credential: state };
  writeFileSync(join(at('phone'), 'phone.json'), JSON.stringify(note));
  await phone('phone-credential', {}, ['credential', ...old]);
  await phone('phone-sync', { VITAP_PIN: '529173' }, ['sync', ...old]);
  keep('phone-state', read(join(at('phone'), 'phone.json')));
  await phone('phone-activate', newCode, ['activate', '--issuer', served.origin, ...fresh]);
  await phone('phone-sync', {}, ['sync', ...old]);
  const { key } = await phone('phone-delegations', {}, ['delegations', ...fresh]);
  await phone('phone-delegate', {}, ['delegate', '--to', key as string, '--beneficiary', '2', ...fresh]);
  await phone('phone-delegations', {}, ['delegations', ...fresh]);
  await phone('phone-undelegate', {}, ['undelegate', 'del_1', ...fresh]);
  writeFileSync(
    at('person.json'),
    '{"familyName":"ADRUN","givenName":"ZOE","birthDate":"1975-12-31","birthPlaceCode":"63220"}',
  );
  const atIssuer = ['--issuer', served.origin];
  const picture = at('person.json');
  const files = ['--person-file', picture, '--document-front', picture, '--video', picture];
  new FollowUps(new CounterFolder(at('contexts'))).keep({
    ...{ at: '2026-11-29T12:00:00.000Z', issuer: served.origin },
    proof: { kind: 'context', contextId: 'ctx_1', token: 'x'.repeat(43), expiresAt: '2026-11-29T12:15:00.000Z' },
  });
  for (const action of ['renew', 'destroy']) {
    const words = ['--counter', at('contexts'), '--keys', 'test'];
    await printed('counter-context', 'counter', 'context', action, 'last', ...words);
  }
  await phone('phone-apply', {}, ['apply', ...atIssuer, ...files]);
  await phone('phone-apply', {}, ['apply', ...atIssuer, ...files, '--out', at('ticket')]);
  await phone('phone-application', {}, ['application', ...atIssuer]);
  await phone('phone-lost', {}, ['lost', ...atIssuer]);
  await phone('phone-lost', {}, ['lost', ...fresh]);
  await phone('phone-wipe', {}, ['wipe', '--yes', ...fresh]);
  keep('phone-state', read(join(at('phone'), 'phone.json')));
  await served.close();
}

async function benches(): Promise<void> {
  await printed('bench-tap', 'bench', 'tap', '--profile', 'vitale2', '--taps', '12', '--save', at('taps.json'));
  keep('bench-tap', read(at('taps.json')));
  const again = ['bench', 'tap', '--profile', 'vitale2', '--taps', '12', '--rate', '200', '--what-if', 'rate=848'];
  await printed('bench-tap', ...again, '--baseline', at('taps.json'));
  const cat = `cat '${at('taps.json')}'`;
  await printed('bench-compare', 'bench', 'compare', '--a', cat, '--b', cat, '--rounds', '8', '--warm-up', '1');
  await printed('bench-compare', 'bench', 'compare', '--a', 'true', '--b', 'true', '--rounds', '8');
  await printed('bench-apdu', 'bench', 'apdu', '--profile', 'reference', '--count', '20');
  await printed('bench-core', 'bench', 'core', '--count', '20');
  await printed('bench-crowd', 'bench', 'crowd', '--profile', 'reference', '--cards', '3', '--taps', '20');
  await printed('bench-crypto', 'bench', 'crypto', '--count', '1', '--curve', 'P-256');
  await printed('bench-issuer', 'bench', 'issuer', '--count', '3', '--sizes', '4,8', '--lists', '1000');
  await printed('bench-flash', 'bench', 'flash', '--boards', '2', '--runs', '1', '--size', '1024');
  await printed('bench-soak', 'bench', 'soak', '--profile', 'reference', '--minutes', '0.01');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-schemas-'));
  await printed('card-build', 'card', 'build', 'reference', '--out', at('card.img'));
  await printed('card-show', 'card', 'show', 'lab');
  await printed('card-explain', 'card', 'explain', 'apcv', '00B2011400');
  await printed('card-commands', 'card', 'commands');
  await printed('apdu', 'apdu', '--profile', 'vitale2', '00A4040000=6A82', '00B2010C00');
  await printed('apdu', 'apdu', '--profile', 'apcv', '00A404040AF0617043562D454D550100', '00B2011400');
  await printed('doctor', 'doctor');
  await printed('pki-init', 'pki', 'init', at('pki'));
  await printed('pki-issue', 'pki', 'issue', at('pki'), 'terminal', 'FRLABAT00002', '--rights', 'read DG1');
  const certificate = (name: string): string => join(folder, 'pki', name);
  await printed('pki-show', 'pki', 'show', certificate('FRLABAT00002'), certificate('FRLABDV00001'));
  await printed('pki-show', 'pki', 'show', certificate('FRLABDV00001'), '--trust', certificate('FRLABCVCA00001'));
  keep('terminal-keys', read(certificate('FRLABAT00001.keys.json')));
  await issuers();
  await printed('identity-init', 'identity', 'init', at('identity'));
  await served('identity-serve', 'identity', 'serve', at('identity'));
  await presented();
  await counters();
  await phones();
  await traces();

  await printed('evidence-keygen', 'evidence', 'keygen', at('lab'));
  for (const half of ['key', 'pub']) keep('lab-key', read(at(`lab.${half}.json`)));
  await printed('evidence-image', 'evidence', 'image', at('card.img'));
  const bundle = ['--evidence', at('bundle'), '--evidence-key', at('lab.key.json')];
  await printed('conform', 'conform', '--profile', 'lab', '--only', 'RBI-00*,VER-A02', ...bundle);
  keep('conform', read(join(folder, 'bundle', 'verdicts.json')));
  await printed('conform', 'conform', '--profile', 'ndef', '--suite', 'iso7816-4');
  await printed('conform-list', 'conform', '--list');
  keep('evidence-manifest', read(join(folder, 'bundle', 'manifest.json')));
  keepEnvironment('bundle');
  const ofReplay = ['--evidence', at('of-replay'), '--evidence-key', at('lab.key.json')];
  await vitap('replay', at('tap.jsonl'), '--profile', 'vitale2', ...ofReplay, '--json');
  keepEnvironment('of-replay');
  await printed('evidence-verify', 'evidence', 'verify', at('bundle'));
  writeFileSync(join(folder, 'bundle', 'more'), 'x');
  await printed('evidence-verify', 'evidence', 'verify', at('bundle'));

  await labs();

  await printed('board-list', 'board', 'list', at('nothing'));
  keep('board-test', await boardTest({ evidence: evidenceIn('of-board') }));
  keepEnvironment('of-board');
  keep('board-record', read(join(folder, 'records', readdirSync(at('records'))[0] as string)));
  keep('board-test-loop', await boardTest({ loop: 1, only: ['rom'] }));
  await printed('board-records', 'board', 'records', '--records', at('records'));
  await flashed();
  await firmwareFlashed();
  await benches();
  await printed('error', 'board', 'records', '--since', 'soon');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

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
    expect([...documents.keys(), ...Object.keys(ELSEWHERE)].sort()).toEqual([...SCHEMAS].sort());
    for (const [name, test] of Object.entries(ELSEWHERE)) {
      const source = readFileSync(new URL(`../../interop/${test}.test.ts`, import.meta.url), 'utf8');
      expect(source, name).toContain(`expectPublished('${name}'`);
    }
  });
});

describe('the published schemas', () => {
  const here = SCHEMAS.filter((name) => !(name in ELSEWHERE));

  it.each(here)('%s takes what is really written, and nothing else', (name) => {
    const real = documents.get(name) as Record<string, unknown>[];
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
