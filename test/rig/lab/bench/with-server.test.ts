import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ExitCode } from '../../../../rig/console/io.ts';
import { benchLink } from '../../../../rig/lab/api/bench-link.ts';
import { LabRefused } from '../../../../rig/lab/api/lab-refused.ts';
import { type PersonLink, personLink } from '../../../../rig/lab/api/person-link.ts';
import { takenFiles } from '../../../../rig/lab/bench/run-files.ts';
import { labBench } from '../../../../rig/lab/bench/verb.ts';
import { createLabServer } from '../../../../rig/lab/server/lab-server.ts';
import { type LabStore, openLabStore } from '../../../../rig/lab/store/store.ts';
import { addToken } from '../../../../rig/lab/store/tokens.ts';
import { labSubmit } from '../../../../rig/lab/submit/submit.ts';
import type { WebServer } from '../../../../rig/web/server.ts';
import { failureOf } from '../../../contract/served-link.ts';
import { type FakeIo, fakeIo } from '../../console/fake-io.ts';

const SLOW_MS = 60_000;

describe('a bench and a campaign at a lab that is served', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-bench-'));
  let store: LabStore;
  let server: WebServer;
  let origin: string;
  let person: PersonLink;
  const tokenFile = (role: string): string => join(folder, `${role}.token`);
  const running: {
    readonly stop: AbortController;
    readonly ended: Promise<ExitCode>;
    readonly failed: Promise<never>;
  }[] = [];

  beforeAll(async () => {
    store = await openLabStore({ folder: join(folder, 'lab'), url: null, now: Date.now(), fault: () => {} });
    server = await createLabServer(store, { host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} });
    ({ origin } = await server.listen());
    for (const role of ['operator', 'bench', 'viewer'] as const) {
      const token = await addToken(store, role, role);
      writeFileSync(tokenFile(role), `${token}\n`, { mode: 0o600 });
      if (role === 'operator') person = personLink({ origin, token });
    }
    writeFileSync(join(folder, 'bench.yaml'), 'version: 1\ninProcess: 2\npcsc: no\n');
  }, SLOW_MS);
  afterEach(async () => {
    for (const { stop } of running) stop.abort();
    await Promise.allSettled(running.splice(0).map(({ ended }) => ended));
  });
  afterAll(async () => {
    await server?.close();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const address = (role: string) => ({ server: origin, tokenFile: tokenFile(role), pin: null });
  function startBench(more: object = {}): { readonly io: FakeIo; readonly ended: Promise<ExitCode> } {
    const stop = new AbortController();
    const io = fakeIo({ env: { XDG_STATE_HOME: folder }, signal: stop.signal });
    const options = {
      ...address('bench'),
      name: 'table-1',
      benchFile: join(folder, 'bench.yaml'),
      folder: null,
      imageKey: null,
    };
    const ended = labBench({ ...options, ...more }, io);
    running.push({ stop, ended, failed: failureOf(ended) });
    return { io, ended };
  }
  function campaign(name: string, text: string): string {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, `version: 1\nname: ${name}\n${text}`);
    return file;
  }
  async function submit(file: string, more: object = {}) {
    const io = fakeIo({ json: true });
    const exit = await labSubmit(
      { file, lab: address('operator'), dryRun: false, force: false, watch: false, ...more },
      io,
    );
    return { exit, said: JSON.parse(io.out.join('')), err: io.err.join('') };
  }
  /** @throws why a bench could not go on, when that comes first */
  const until = (holds: () => Promise<void>) =>
    Promise.race([...running.map(({ failed }) => failed), vi.waitFor(holds, { timeout: SLOW_MS, interval: 100 })]);
  const alive = () => until(async () => expect((await person.benches())[0]?.devices.length).toBe(2));
  const ended = async (id: number) => {
    await until(async () => expect((await person.matrix(id)).campaign.endedAt).not.toBe(null));
    return person.matrix(id);
  };

  it('submits what its benches can take, judges it, and keeps each result once', { timeout: SLOW_MS }, async () => {
    startBench();
    await alive();
    mkdirSync(join(folder, 'cards'), { recursive: true });
    writeFileSync(join(folder, 'cards', 'own.yaml'), 'extends: vitale2\nprofile: own\n');
    const file = campaign(
      'first',
      'repeat: 2\ncards:\n  - {id: shipped, profile: vitale2}\n  - {id: own, profile: cards/own.yaml}\njudge:\n  - {conform: iso7816-4, only: "SEL-MF*"}\n  - {rehearsal: 5}\n',
    );
    const { exit, said } = await submit(file);
    expect([exit, said.runs, said.inputs, said.unfit]).toEqual([0, 6, 1, []]);
    const { cells, campaign: summary } = await ended(said.campaign);
    expect(cells.map(({ subject, suite, passed }) => `${subject} / ${suite}: ${passed}`).sort()).toEqual([
      'any reader / rehearsal of 5 ms: 2',
      'own / conform iso7816-4: 2',
      'shipped / conform iso7816-4: 2',
    ]);
    expect([summary.counts.passed, summary.retries]).toEqual([6, 0]);
    const { runs } = await person.runs({ campaign: said.campaign, suite: 'conform iso7816-4' });
    const { statement, jws } = await person.run(runs[0]!.id);
    expect(statement).toMatchObject({ bench: 'table-1', backend: 'simulated', verdict: 'passed' });
    expect(jws).not.toBe(null);
    const trace = statement!.blobs.find(({ role }) => role === 'trace')!;
    expect(Buffer.from(await person.download(trace.sha256)).toString()).toMatch(/^\{.*"vitap conform"/);
    expect(await person.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });
  });

  it('reads cards of ours over an antenna through the channel that their CAN opens, and tells nobody the CAN', {
    timeout: 2 * SLOW_MS,
  }, async () => {
    startBench();
    await alive();
    // A card with a CAN of its own: only its profile, an input, has it.
    const tree = readFileSync(new URL('../../../../profiles/apcv.yaml', import.meta.url), 'utf8');
    writeFileSync(
      join(folder, 'other.yaml'),
      tree.replace('profile: apcv', 'profile: other').replace('code: "161803"', 'code: "662607"'),
    );
    const file = campaign(
      'antenna',
      'cards:\n  - {id: v2, profile: vitale2}\n  - {id: other, profile: other.yaml}\nneeds: {interface: contactless}\njudge:\n  - {id: vitale, conform: vitale, only: "VIT-00?,VIT-201", cards: [v2]}\n  - {id: closed, conform: vitale, only: "VIT-00?", channel: none, cards: [v2]}\n  - {id: clear, conform: iso7816-4, only: SEL-MF-04, cards: [v2]}\n  - {id: wanted, conform: iso7816-4, only: SEL-MF-04, channel: can, cards: [other]}\n  - {id: taps, benchTap: 1, warmUp: 0, cards: [other]}\n',
    );
    const { said } = await submit(file);
    await ended(said.campaign);
    const { runs } = await person.runs({ campaign: said.campaign });
    const found: string[] = [];
    for (const { id, subject, suite, state, reason } of runs) {
      const { statement } = await person.run(id);
      const report = statement!.blobs.find(({ role }) => role === 'report')!;
      const { channel } = JSON.parse(Buffer.from(await person.download(report.sha256)).toString());
      const how = (channel ?? null) === null ? 'in clear' : 'in a channel';
      found.push(`${suite} of ${subject}: ${state} ${how}${state === 'failed' ? `: ${reason}` : ''}`);
      for (const { sha256 } of statement!.blobs) {
        const text = Buffer.from(await person.download(sha256)).toString();
        for (const code of ['314159', '662607', '274916']) expect(text).not.toContain(code);
        expect(text.toUpperCase()).not.toContain(Buffer.from('662607').toString('hex'));
      }
    }
    expect(found.sort()).toEqual([
      'clear of v2: passed in clear',
      // POINTERS is free to read everywhere; VIT-006 to VIT-008 read nothing else.
      'closed of v2: failed in clear: 6 cases of 9 failed: VIT-001, VIT-002, VIT-003, VIT-004, VIT-005, …',
      'taps of other: passed in a channel',
      'vitale of v2: passed in a channel',
      'wanted of other: passed in a channel',
    ]);
  });

  it('says what no bench can take, and submits it only by force', { timeout: SLOW_MS }, async () => {
    startBench();
    await alive();
    const file = campaign(
      'unfit',
      'cards: [{id: a, profile: vitale2}]\nneeds: {backend: hardware}\njudge: [{conform: sm}]\n',
    );
    const refused = await submit(file);
    expect(refused).toMatchObject({
      exit: 1,
      said: { campaign: null, unfit: [{ needs: 'a hardware reader for a card of ours', runs: 1 }] },
      err: 'vitap: nothing was submitted: no bench can take 1 run; --force submits them all the same, to wait\n',
    });
    expect(await submit(file, { dryRun: true })).toMatchObject({
      ...{ exit: 1, said: { campaign: null } },
      err: 'vitap: no bench can take 1 run; --force submits them all the same, to wait\n',
    });
    const forced = await submit(file, { force: true });
    expect(forced.exit).toBe(0);
    await person.cancel(forced.said.campaign);
  });

  it('gives a run back on Ctrl-C, and another bench takes it at once', { timeout: SLOW_MS }, async () => {
    const first = startBench();
    await alive();
    const { said } = await submit(campaign('given-back', 'judge: [{rehearsal: 1500, needs: {backend: simulated}}]\n'));
    await vi.waitFor(() => expect(first.io.out.join('')).toContain('takes campaign'), { timeout: SLOW_MS });
    running[0]!.stop.abort();
    await first.ended;
    startBench({ name: 'table-2', folder: join(folder, 'second') });
    const { campaign: summary } = await ended(said.campaign);
    expect([summary.counts.passed, summary.retries]).toEqual([1, 1]);
    const { runs } = await person.runs({ campaign: said.campaign });
    const { attempts } = await person.run(runs[0]!.id);
    expect(attempts.map(({ bench, state, reason }) => [bench, state, reason])).toEqual([
      ['table-1', 'given-back', 'the bench was stopped'],
      ['table-2', 'finished', ''],
    ]);
  });

  it.each<[string, object, string]>([
    ['a token of another role', { tokenFile: 'viewer' }, 'the token is of another role than this takes'],
    [
      'a name that another bench has',
      { folder: 'elsewhere' },
      'a bench of this name has another key: choose another name, or bring back its key',
    ],
    [
      'a name that is none',
      { name: 'Table 1' },
      'a bench is named with up to 40 small letters, digits and -, and "Table 1" is not: give --name',
    ],
    [
      'an address that is none',
      { server: 'lab.example' },
      'a lab is named by its origin, as https://lab.example:8640, and this is none: lab.example',
    ],
    [
      'another machine without TLS',
      { server: 'http://lab.example' },
      'http://lab.example is another machine, and a token does not go there without TLS: use https',
    ],
    ['a pin without TLS', { pin: 'x' }, 'a pin is of a server with TLS: use https'],
    [
      'a pin that is none',
      { server: 'https://lab.example', pin: 'x' },
      "the pin of a server's key has 43 characters of base64url; `vitap lab serve` says it when it starts",
    ],
  ])('%s: one sentence', { timeout: SLOW_MS }, async (_, more, sentence) => {
    const given = Object.fromEntries(
      Object.entries(more).map(([key, value]) => [
        key,
        key === 'tokenFile' ? tokenFile(value) : key === 'folder' ? join(folder, value) : value,
      ]),
    );
    const { ended: failed } = startBench(given);
    await expect(failed).rejects.toThrow(sentence);
  });

  it('sends no file that the server would refuse: a byte more than it takes is left out', {
    timeout: SLOW_MS,
  }, async () => {
    const token = readFileSync(tokenFile('bench'), 'utf8').trim();
    const link = benchLink({ origin, token });
    const left = mkdtempSync(join(folder, 'largest-'));
    const zeros = async (name: string, bytes: number) => {
      const path = join(left, name);
      writeFileSync(path, '');
      truncateSync(path, bytes);
      const content = readFileSync(path);
      const answer = await link.upload(createHash('sha256').update(content).digest('hex'), content).then(
        () => 'taken',
        (error: unknown) => (error instanceof LabRefused ? `${error.status} ${error.code}` : error),
      );
      return {
        answer,
        kept: takenFiles([{ role: 'trace', name, mediaType: 'application/jsonl', path }], left).map(
          (each) => each.name,
        ),
      };
    };
    expect(await zeros('largest.jsonl', 64 * 1024 * 1024)).toEqual({ answer: 'taken', kept: ['largest.jsonl'] });
    expect(await zeros('larger.jsonl', 64 * 1024 * 1024 + 1)).toEqual({
      answer: '413 blob-too-large',
      kept: ['left-out.txt'],
    });
  });

  it('refuses a token that others may read, or that is none', async () => {
    const file = join(folder, 'loose.token');
    writeFileSync(file, 'x\n', { mode: 0o600 });
    await expect(startBench({ tokenFile: file }).ended).rejects.toThrow('its first line is no token of a lab');
    chmodSync(file, 0o644);
    await expect(startBench({ tokenFile: file }).ended).rejects.toThrow('others than its owner have rights');
  });

  it('tells where a campaign is wrong, and sends nothing', async () => {
    const file = campaign('wrong', 'cards: [{id: a, profile: vitale2}]\njudge: [{conform: nothing}]\n');
    await expect(submit(file)).rejects.toThrow(/wrong\.yaml:4:19: `nothing` is none of iso7816-4/);
  });
});
