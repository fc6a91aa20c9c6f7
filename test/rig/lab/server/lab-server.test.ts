import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { generateKey } from '../../../../rig/judge/evidence/keygen.ts';
import type { TakenRun } from '../../../../rig/lab/api/bench.ts';
import { type BenchLink, benchLink } from '../../../../rig/lab/api/bench-link.ts';
import type { Capability } from '../../../../rig/lab/api/capability.ts';
import { type PersonLink, personLink } from '../../../../rig/lab/api/person-link.ts';
import { exportLab } from '../../../../rig/lab/results/export.ts';
import { createLabServer } from '../../../../rig/lab/server/lab-server.ts';
import { serveLab } from '../../../../rig/lab/server/serve.ts';
import { statementOf } from '../../../../rig/lab/store/record.ts';
import { type LabStore, openLabStore } from '../../../../rig/lab/store/store.ts';
import { addToken } from '../../../../rig/lab/store/tokens.ts';
import { StoreError } from '../../../../rig/store/store-error.ts';
import type { WebServer } from '../../../../rig/web/server.ts';
import { openWebSocket } from '../../../../src/hal/distant/index.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { LOOPBACK, newKey, RUN, sha256, signed, statementFor, testKey } from '../store/lab-in-test.ts';
import { verbsContract } from '../verbs/verbs-contract.ts';
import { eventsContract } from './events-contract.ts';

const KEY = testKey();
const ROLES = ['viewer', 'operator', 'bench'] as const;

/** One PGlite for all: it takes seconds to start. */
const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-server-'));
const faults: unknown[] = [];
let store: LabStore;
beforeAll(async () => {
  store = await openLabStore({ folder, url: null, now: Date.now(), fault: (error) => faults.push(error) });
}, 120_000);
afterAll(async () => {
  await store?.close();
  rmSync(folder, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

describe('a lab, served', () => {
  const tokens: Record<string, string> = {};
  let server: WebServer;
  let origin: string;
  let bench: BenchLink;
  let operator: PersonLink;
  let viewer: PersonLink;

  beforeAll(async () => {
    for (const role of ROLES) tokens[role] = await addToken(store, role, role);
    server = await serve(store);
    ({ origin } = await server.listen());
    const line = (role: string) => ({ origin, token: tokens[role] as string });
    bench = benchLink(line('bench'));
    operator = personLink(line('operator'));
    viewer = personLink(line('viewer'));
  }, 120_000);
  afterAll(() => server?.close());

  function serve(on: LabStore): Promise<WebServer> {
    return createLabServer(on, {
      ...{ host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} },
      fault: (error) => faults.push(error),
    });
  }
  const ask = (
    method: string,
    path: string,
    token?: string,
    body?: string | Uint8Array<ArrayBuffer>,
    type = 'application/json',
  ) =>
    fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': type }),
      },
      ...(body && { body }),
    });
  const enrol = () => bench.enrol({ name: 'b1', publicKey: KEY.publicKey, interface: 1, version: '0.1.0' });
  const beat = (attempts: readonly string[] = []) =>
    bench.heartbeat({
      ...{ bench: 'b1', clock: Date.now(), devices: [LOOPBACK], attempts, drift: null, spooled: 0 },
    });
  const submission = (more: object = {}) => ({
    ...{ name: 'nightly', source: 'name: nightly', runs: [RUN], dryRun: false, attempts: 3, key: newKey() },
    ...more,
  });
  const take = async (waitSeconds = 5): Promise<TakenRun> =>
    (await bench.take({ bench: 'b1', free: ['loopback'], waitSeconds })) as TakenRun;
  const refuses = async (asked: Promise<unknown>, status: number, code: string): Promise<void> => {
    await expect(asked).rejects.toMatchObject({ name: 'LabRefused', status, code });
  };

  it('takes a run from submission to verdict; a bench that waits is woken by it', async () => {
    expect(await enrol()).toEqual({ name: 'b1', leaseSeconds: 6, heartbeatSeconds: 2, quarantined: null });
    expect(await beat()).toMatchObject({ gone: [], quarantined: null });
    const waiting = take(20);
    const { campaign } = await operator.submit(submission());
    const taken = await waiting;
    expect(taken).toMatchObject({ campaign, subject: 'vitale2', attemptNumber: 1 });
    await bench.progress(taken.attempt, { bench: 'b1', done: 1, total: 4, note: 'SEL-001' });
    expect((await viewer.run(taken.run)).progress).toEqual({ done: 1, total: 4, note: 'SEL-001' });
    expect((await viewer.benches())[0]?.running).toEqual([
      { attempt: taken.attempt, run: taken.run, device: 'loopback' },
    ]);
    const trace = Buffer.from('{"vitap":"trace"}\n');
    const blob = {
      role: 'trace',
      name: 't.jsonl',
      sha256: sha256(trace),
      bytes: trace.length,
      mediaType: 'a/b',
    } as const;
    expect(await bench.missing([blob.sha256])).toEqual([blob.sha256]);
    await bench.upload(blob.sha256, trace);
    const jws = await signed(statementFor('b1', taken, { blobs: [blob] }), KEY);
    const recorded = await bench.record(taken.attempt, jws);
    expect(await bench.record(taken.attempt, jws)).toEqual(recorded);
    expect((await viewer.matrix(campaign as number)).campaign.counts.passed).toBe(1);
    expect((await viewer.run(taken.run)).jws).toBe(jws);
    expect((await viewer.runs({ campaign: campaign as number, state: 'passed' })).runs).toHaveLength(1);
    expect(await viewer.search('iso7816')).toMatchObject([{ id: taken.run }]);
    expect(Buffer.from(await viewer.download(blob.sha256))).toEqual(trace);
    expect(await viewer.check()).toEqual({ runs: 1, results: 1, lost: [], doubled: [], stranded: [], miscounted: [] });
  });

  it('exports a campaign: JUnit, CSV, and a bundle of what its benches signed, with its files', async () => {
    const at = join(folder, 'exported');
    mkdirSync(at);
    const io = fakeIo();
    const tokenFile = join(at, 'viewer.token');
    writeFileSync(tokenFile, `${tokens.viewer}\n`, { mode: 0o600 });
    await generateKey(join(at, 'lab'), io);
    const evidence = { folder: join(at, 'bundle'), key: join(at, 'lab.key.json') };
    const files = { junit: join(at, 'junit.xml'), csv: join(at, 'runs.csv') };
    await exportLab({ lab: { server: origin, tokenFile, pin: null }, campaign: 1, ...files, evidence }, io);
    const [result] = (await viewer.results(1, 0)).results;
    const jws = result?.jws as string;
    const read = (path: string): string => readFileSync(join(at, path), 'utf8');
    expect(read('junit.xml')).toContain('<testsuites tests="1" failures="0" errors="0" skipped="0">');
    expect(read('runs.csv').split('\r\n')).toHaveLength(3);
    expect(read('bundle/results/1.jws')).toBe(jws);
    expect(read(`bundle/files/${statementOf(jws).blobs[0]?.sha256}`)).toBe('{"vitap":"trace"}\n');
    expect(JSON.parse(read('bundle/campaign.json')).runs).toMatchObject([
      { number: 1, state: 'passed', attempts: [{}] },
    ]);
    expect(JSON.parse(read('bundle/benches.json'))).toEqual([{ name: 'b1', publicKey: KEY.publicKey }]);
  });

  it('gives a run back at once when its bench says so, and to the next that asks', async () => {
    await operator.submit(submission());
    const first = await take();
    await bench.release(first.attempt, 'b1', 'the disk of the bench is full');
    const second = await take();
    expect(second).toMatchObject({ run: first.run, attemptNumber: 2 });
    expect((await viewer.run(first.run)).attempts).toMatchObject([
      { state: 'given-back', reason: 'the disk of the bench is full' },
      { state: 'running', reason: '' },
    ]);
    await operator.cancel(second.campaign);
    expect((await beat([second.attempt])).gone).toEqual([second.attempt]);
    await refuses(bench.record(second.attempt, await signed(statementFor('b1', second), KEY)), 409, 'attempt-over');
    await refuses(bench.release(second.attempt, 'b1', ''), 409, 'attempt-over');
  });

  it('says what is different in the second of two campaigns, by the code of lab compare', async () => {
    const campaigns: number[] = [];
    for (const verdicts of [
      ['passed', 'failed'],
      ['failed', 'passed'],
    ] as const) {
      const runs = ['vitale2', 'apcv'].map((subject) => ({ ...RUN, subject }));
      campaigns.push((await operator.submit(submission({ runs }))).campaign as number);
      for (const verdict of verdicts) {
        const taken = await take();
        const cases = [{ id: 'SEL-001', verdict: verdict === 'passed' ? 'pass' : 'fail', reason: '' }] as const;
        await bench.record(taken.attempt, await signed(statementFor('b1', taken, { verdict, cases }), KEY));
      }
    }
    const [first, second] = campaigns as [number, number];
    const answer = await ask('GET', `/v1/compare?first=${first}&second=${second}`, tokens.viewer);
    const item = (subject: string, of: string | null) => ({ subject, suite: 'iso7816-4', of });
    expect(await answer.json()).toEqual({
      compared: { firstRuns: 2, secondRuns: 2, cells: 2, cases: 2, times: 0, timesWithFew: 0 },
      newFailures: { count: 2, first: [item('vitale2', null), item('vitale2', 'SEL-001')] },
      mended: { count: 2, first: [item('apcv', null), item('apcv', 'SEL-001')] },
      ...Object.fromEntries(
        ['flaky', 'slower', 'faster', 'onlyFirst', 'onlySecond'].map((name) => [name, { count: 0, first: [] }]),
      ),
    });
    const unknown = await ask('GET', `/v1/compare?first=${first}&second=999999`, tokens.viewer);
    expect([unknown.status, ((await unknown.json()) as { error: string }).error]).toEqual([404, 'campaign-unknown']);
    for (const role of ROLES) expect(await (await ask('GET', '/v1/me', tokens[role])).json()).toEqual({ role });
  });

  it('on a port that is taken, or without TLS beyond loopback, leaves nothing behind', async () => {
    const made = join(folder, 'not', 'made');
    const common = { folder: made, store: null, certificate: null, key: null, quiet: true };
    const port = Number(new URL(origin).port);
    await expect(serveLab({ ...common, host: '127.0.0.1', port }, fakeIo())).rejects.toThrow(
      `port ${port} of 127.0.0.1 is in use by another program`,
    );
    await expect(serveLab({ ...common, host: '0.0.0.0', port: 0 }, fakeIo())).rejects.toThrow('without TLS');
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });

  it('the description names the roles of each route, its refusals, and bodies that are no JSON', async () => {
    const { paths } = (await (await ask('GET', '/openapi.json')).json()) as {
      paths: Record<
        string,
        Record<string, { security?: object[]; description?: string; requestBody?: { content: object } }>
      >;
    };
    const all = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(all.length).toBeGreaterThan(20);
    for (const each of all) expect(each).toMatchObject({ security: [{ bearer: [] }], responses: { default: {} } });
    expect(paths['/v1/take']?.post?.description).toContain('role bench');
    expect(paths['/v1/prune']?.post?.description).toContain('role operator');
    expect(JSON.stringify(paths['/v1/take'])).toContain('"bench-quarantined"');
    const typesOf = (path: string, method: string) => Object.keys(paths[path]?.[method]?.requestBody?.content ?? {});
    expect(typesOf('/v1/blobs/{sha256}', 'put')).toEqual(['application/octet-stream']);
    expect(typesOf('/v1/attempts/{attempt}/result', 'post')).toEqual(['application/jose']);
  });

  it('every route but the description refuses who has no token, and each role what is not its', async () => {
    const { paths } = (await (await ask('GET', '/openapi.json')).json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, '1')] as const),
    );
    const answers = async (token?: string): Promise<Record<string, number[]>> => {
      const byStatus: Record<string, number[]> = {};
      for (const [method, path] of routes) {
        const { status } = await ask(method, path, token, method === 'GET' ? undefined : '{"no":1}');
        byStatus[`${method} ${path}`] = [status];
      }
      return byStatus;
    };
    for (const statuses of [await answers(), await answers('vlab_wrong')]) {
      expect(new Set(Object.values(statuses).flat())).toEqual(new Set([401]));
    }
    const refused = async (role: string): Promise<string[]> =>
      Object.entries(await answers(tokens[role]))
        .filter(([, [status]]) => status === 403)
        .map(([route]) => route)
        .sort();
    const ofBenches = [
      ...['POST /v1/attempts/1/progress', 'POST /v1/attempts/1/release', 'POST /v1/attempts/1/result'],
      ...['POST /v1/benches', 'POST /v1/heartbeat', 'POST /v1/leave', 'POST /v1/take'],
    ];
    const ofOperators = [
      ...['GET /v1/tokens', 'POST /v1/benches/1/quarantine', 'POST /v1/blobs/missing', 'POST /v1/campaigns'],
      'POST /v1/prune',
      ...['POST /v1/campaigns/1/cancel', 'POST /v1/tokens', 'POST /v1/tokens/1/revoke', 'PUT /v1/blobs/1'],
    ];
    expect(await refused('operator')).toEqual(ofBenches);
    expect(await refused('viewer')).toEqual([...ofBenches, ...ofOperators].sort());
    expect(await refused('bench')).not.toContain('POST /v1/take');
    expect(await refused('bench')).toContain('GET /v1/campaigns');
  }, 60_000);

  it('makes tokens and revokes them', async () => {
    const token = await operator.addToken('shift 2', 'viewer');
    const known = (await operator.tokens()).find(({ name }) => name === 'shift 2');
    expect(known).toMatchObject({ role: 'viewer', revokedAt: null });
    await operator.revokeToken(known?.id as number);
    await refuses(personLink({ origin, token }).campaigns(), 401, 'token-wrong');
  });

  it('a token that is revoked ends what is open with it: a bench that waits gets no run any more', async () => {
    const token = await operator.addToken('stolen', 'bench');
    const id = (await operator.tokens()).find(({ name }) => name === 'stolen')?.id as number;
    await beat();
    const waiting = benchLink({ origin, token }).take({ bench: 'b1', free: ['loopback'], waitSeconds: 15 });
    const refused = refuses(waiting, 401, 'token-wrong');
    // It is waiting when another question of the same token has been answered.
    await benchLink({ origin, token }).missing([]);
    await operator.revokeToken(id);
    await refused;
  }, 15_000);

  it.each([
    ['NUL', 'a\0b'],
    ['half of a surrogate pair', 'a\ud800b'],
  ])('refuses text with %s, which no database keeps', async (_name, text) => {
    const body = JSON.stringify({ name: text, role: 'viewer' });
    const answer = await ask('POST', '/v1/tokens', tokens.operator, body);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'request-malformed', message: 'body holds a NUL character or half of a surrogate pair' },
    ]);
    expect((await ask('GET', '/v1/search?words=a%00b', tokens.operator)).status).toBe(400);
    // A bench says the same thing without it: its words may be those of a board or a card.
    await bench.heartbeat({
      ...{ bench: 'b1', clock: 1, devices: [{ ...LOOPBACK, model: text }], attempts: [], drift: null, spooled: 0 },
    });
    expect((await viewer.benches())[0]?.devices[0]?.model).toBe('a\uFFFDb');
  });

  it('shows no input to a viewer, and what was uploaded only as an attachment', async () => {
    const input = Buffer.from('<script>alert(1)</script>');
    const hash = sha256(input);
    await operator.upload(hash, input);
    await refuses(viewer.download(hash), 404, 'blob-unknown');
    expect(Buffer.from(await bench.download(hash))).toEqual(input);
    const { headers } = await ask('GET', `/v1/blobs/${hash}`, tokens.operator);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${hash}"`);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });

  it.each([
    ['another hash', sha256('a'), 'b', 400, 'blob-differs'],
    ['a name with a path', '..%2f..%2fetc%2fpasswd', 'b', 400, 'request-malformed'],
  ])('refuses an upload with %s, and keeps nothing', async (_name, name, content, status, code) => {
    const type = 'application/octet-stream';
    const answer = await ask('PUT', `/v1/blobs/${name}`, tokens.bench, Buffer.from(content), type);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([status, code]);
    const kept = readdirSync(store.blobs, { recursive: true, encoding: 'utf8' });
    expect(kept.filter((each) => each.endsWith('.new') || each.includes('passwd'))).toEqual([]);
  });

  it('an old bench, and one whose name is taken, are told so', async () => {
    const { publicKey } = testKey('p256');
    await refuses(bench.enrol({ name: 'b1', publicKey, interface: 1, version: '1' }), 409, 'bench-name-taken');
    await refuses(bench.enrol({ name: 'b2', publicKey, interface: 0, version: '0' }), 409, 'bench-outdated');
  });

  it('a bench in quarantine is told so, and takes again when it is let back', async () => {
    await operator.quarantine('b1', 'its reader was changed');
    expect((await beat()).quarantined).toBe('its reader was changed');
    await refuses(take(0), 409, 'bench-quarantined');
    await operator.quarantine('b1', null);
    expect(await take(0)).toBeNull();
  });

  it('a bench that waits is answered when the server ends, and gets no run then', async () => {
    await enrol();
    await beat();
    const other = await serve(store);
    const at = await other.listen();
    const asker = benchLink({ origin: at.origin, token: tokens.bench as string });
    const asked = asker.take({ bench: 'b1', free: ['loopback'], waitSeconds: 20 });
    // It has come, and waits.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const closed = other.close();
    const { campaign } = await operator.submit(submission());
    expect(await asked).toBeNull();
    await closed;
    expect((await operator.matrix(campaign as number)).campaign.counts.queued).toBe(1);
    await operator.cancel(campaign as number);
  });

  it.each([
    ['busy', 503, 'store-busy'],
    ['full', 503, 'store-full'],
    ['unreachable', 503, 'store-unreachable'],
    ['denied', 503, 'store-denied'],
  ] as const)('a database that is %s: its own refusal, without its words', async (kind, status, code) => {
    const broken = (): Promise<never> => Promise.reject(new StoreError(kind, 'SECRET'));
    const sql = { ...{ kind: 'pglite' as const, location: 'x' }, query: broken, transaction: broken, script: broken };
    const other = await serve({ ...store, sql: { ...sql, close: async () => {} } });
    const at = await other.listen();
    const asked = personLink({ origin: at.origin, token: tokens.viewer as string }).campaigns();
    await expect(asked).rejects.toMatchObject({ status, code, message: expect.not.stringContaining('SECRET') });
    await other.close();
  });
});

eventsContract('the events of a lab on PGlite', async () => ({ heardAt: store, changedAt: store }));

verbsContract('the verbs of a lab on PGlite', () => store);

describe('a label of a reader at a bench', () => {
  let server: WebServer;
  let operator: PersonLink;
  let token: string;
  let origin: string;
  beforeAll(async () => {
    server = await createLabServer(store, { host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} });
    ({ origin } = await server.listen());
    token = await addToken(store, 'o', 'operator');
    operator = personLink({ origin, token });
  });
  afterAll(() => server?.close());

  const reader = (driver: string, model: string, label: string | null = null): Capability => ({
    ...{ ...LOOPBACK, device: `${driver}:${model}`, driver, model },
    card: label === null ? null : { atr: '3B00', label },
  });
  async function bench(name: string, ...devices: readonly Capability[]): Promise<BenchLink> {
    const link = benchLink({ origin, token: await addToken(store, name, 'bench') });
    await link.enrol({ name, publicKey: testKey().publicKey, interface: 1, version: '0' });
    await link.heartbeat({ bench: name, clock: 0, devices, attempts: [], drift: null, spooled: 0 });
    return link;
  }
  /** What is asked of the benches. */
  async function asked(label: string): Promise<object> {
    const channel = await openWebSocket({
      ...{ url: `${origin.replace('http', 'ws')}/v1/pool?label=${label}`, timeoutMs: 5000 },
      headers: { authorization: `Bearer ${token}` },
    });
    try {
      return await vi.waitFor(async () => {
        const { campaigns } = await operator.campaigns();
        const { id } = campaigns.find(({ name }) => name === `reader ${label}`)!;
        const { runs } = await operator.runs({ campaign: id });
        return (await operator.run(runs[0]!.id)).requirement;
      });
    } finally {
      channel.close();
    }
  }

  it('is that of a card before the name of a bench, and that before a part of a reader’s name', async () => {
    await bench('a-42', reader('pcsc', 'SCM z-42'));
    await bench('b-42', reader('pn532', 'a-42 and b-42', 'c-42'));
    await bench('c-42', reader('pcsc', 'SCM'));
    expect(await asked('c-42')).toEqual({ kind: 'reader', card: 'c-42' });
    expect(await asked('b-42')).toEqual({ kind: 'reader', bench: 'b-42', driver: 'pn532' });
    expect(await asked('a-42')).toEqual({ kind: 'reader', bench: 'a-42', driver: 'pcsc' });
    expect(await asked('z-42')).toEqual({ kind: 'reader', driver: 'pcsc', model: 'z-42' });
  });

  it('passes over a reader in use where one of another kind is free', async () => {
    const busy = await bench('busy', reader('pcsc', 'ACS 1'));
    await bench('free', reader('pn532', 'ACS 2'));
    const requirement = { kind: 'reader', bench: 'busy' } as const;
    const submission = { name: 'n', source: '', dryRun: false, attempts: 1, key: newKey() };
    await operator.submit({ ...submission, runs: [{ ...RUN, requirement }] });
    expect(await busy.take({ bench: 'busy', free: ['pcsc:ACS 1'], waitSeconds: 5 })).not.toBeNull();
    expect(await asked('acs')).toEqual({ kind: 'reader', driver: 'pn532', model: 'acs' });
  });
});
