import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { type BenchLink, benchLink } from '../../../../rig/lab/api/bench-link.ts';
import type { ResultStatement } from '../../../../rig/lab/api/result.ts';
import { createLabServer } from '../../../../rig/lab/server/lab-server.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';
import { addToken } from '../../../../rig/lab/store/tokens.ts';
import type { WebServer } from '../../../../rig/web/server.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { LOOPBACK, signed, statementFor, testKey } from '../store/lab-in-test.ts';

const KEY = testKey();
const SLOW = 60_000;
const COUNTS = { queued: 0, running: 0, passed: 0, failed: 0, error: 0, cancelled: 0 };
const SUMMARY = { id: 7, name: 'nightly', submittedAt: 1, endedAt: null, retries: 0 };

/** What the verbs of a lab end with, as a pipeline sees it. */
export function verbsContract(name: string, storeOf: () => LabStore): void {
  describe(name, { timeout: 2 * SLOW }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-verbs-'));
    let server: WebServer;
    let lab: readonly string[];
    let bench: BenchLink;

    beforeAll(async () => {
      server = await createLabServer(storeOf(), {
        ...{ host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} },
      });
      const { origin } = await server.listen();
      lab = ['--server', origin, '--token-file', tokenFile(await addToken(storeOf(), 'operator', 'operator'))];
      bench = benchLink({ origin, token: await addToken(storeOf(), 'bench', 'bench') });
      await bench.enrol({ name: 'verbs-1', publicKey: KEY.publicKey, interface: 1, version: '0.1.0' });
      writeFileSync(join(folder, 'campaign.yaml'), 'version: 1\nname: nightly\njudge: [{rehearsal: 1}]\n');
    }, SLOW);
    afterAll(async () => {
      await server?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    function tokenFile(token: string): string {
      const file = join(folder, `${token.slice(5, 15)}.token`);
      writeFileSync(file, `${token}\n`);
      chmodSync(file, 0o600);
      return file;
    }
    const vitap = async (...args: readonly string[]) => {
      const io = fakeIo();
      const exit = await runCommandLine([...args], '0.0.0', VERBS, io);
      return { exit, out: io.out.join(''), err: io.err.join('') };
    };
    const submit = (...more: string[]) =>
      vitap('lab', 'submit', join(folder, 'campaign.yaml'), '--force', ...lab, ...more);
    const submitted = async (): Promise<string> => /Campaign (\d+)/.exec((await submit()).out)?.[1] as string;
    /** The bench judges the next run. */
    const judge = async (more: Partial<ResultStatement>): Promise<void> => {
      const beat = { clock: Date.now(), devices: [LOOPBACK], attempts: [], drift: null, spooled: 0 };
      await bench.heartbeat({ bench: 'verbs-1', ...beat });
      const taken = await bench.take({ bench: 'verbs-1', free: ['loopback'], waitSeconds: 20 });
      if (taken === null) throw new Error('no run waits');
      await bench.record(taken.attempt, await signed(statementFor('verbs-1', taken, more), KEY));
    };

    it('watch ends with 0 when all passed, and says each step of it', async () => {
      const campaign = await submitted();
      const watching = vitap('lab', 'watch', campaign, ...lab);
      await judge({});
      const { exit, out, err } = await watching;
      expect([exit, err]).toEqual([0, '']);
      expect(out.split('\n').at(-2)).toBe(`campaign ${campaign}, nightly: 1 passed`);
      expect((await vitap('lab', 'results', campaign, ...lab)).exit).toBe(0);
    });

    it.each([
      ['failed', 'EF.CardAccess is not there'],
      ['error', 'the card was taken away'],
    ] as const)('watch ends with 1 when a run ended as %s, and says which', async (verdict, reason) => {
      const campaign = await submitted();
      await judge({ verdict, reason });
      const { exit, out } = await vitap('lab', 'watch', campaign, ...lab);
      expect(exit).toBe(1);
      expect(out).toMatch(new RegExp(`^campaign ${campaign}, nightly: 1 ${verdict}\n +1  ${verdict} .*: ${reason}\n$`));
      expect((await vitap('lab', 'results', campaign, ...lab)).exit).toBe(1);
    });

    it('submit --watch ends as the campaign did', async () => {
      const passing = submit('--watch');
      await judge({});
      expect((await passing).exit).toBe(0);
      const failing = submit('--watch', '--json');
      await judge({ verdict: 'failed', reason: 'no' });
      const { exit, out } = await failing;
      const lines = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(exit).toBe(1);
      expect(lines[0]).toMatchObject({ event: 'submitted', runs: 1 });
      expect(lines.at(-2)).toMatchObject({ event: 'run', run: { state: 'failed', reason: 'no' } });
      expect(lines.at(-1)).toEqual({ event: 'ended', id: `campaign ${lines[0].campaign}`, verdict: 'fail' });
    });

    it('submit --watch --json says in one line what no bench can take, and submits nothing', async () => {
      const file = join(folder, 'nobody.yaml');
      writeFileSync(file, 'version: 1\nname: nobody\nneeds: {bench: nobody}\njudge: [{rehearsal: 1}]\n');
      const { exit, out } = await vitap('lab', 'submit', file, '--watch', '--json', ...lab);
      expect([exit, out.trimEnd().split('\n').length]).toEqual([1, 1]);
      expect(JSON.parse(out)).toMatchObject({ id: 'lab-submit', campaign: null, unfit: [{ runs: 1 }] });
    });

    it('token add makes no token when its file is there already', async () => {
      const file = join(folder, 'taken.token');
      const add = () => vitap('lab', 'token', 'add', 'taken', '--role', 'viewer', '--out', file, ...lab);
      const made = async () => (await vitap('lab', 'token', 'list', ...lab)).out.match(/ taken,/g)?.length;
      expect((await add()).exit).toBe(0);
      const { exit, out, err } = await add();
      expect([exit, out]).toEqual([2, '']);
      expect(err).toBe(
        `vitap: ${file} is there already, and no token was made: name another file, or take this one away\n`,
      );
      expect(await made()).toBe(1);
    });

    it('a campaign that was cancelled has not passed', async () => {
      const campaign = await submitted();
      expect((await vitap('lab', 'cancel', campaign, ...lab)).exit).toBe(0);
      expect((await vitap('lab', 'watch', campaign, ...lab)).exit).toBe(1);
    });

    it('compare ends with 1 when something fails that passed before, and not the other way round', async () => {
      const [good, bad] = [await submitted(), await submitted()];
      await judge({});
      await judge({ verdict: 'failed', reason: 'no' });
      const worse = await vitap('lab', 'compare', good, bad, ...lab);
      expect([worse.exit, worse.out.split('\n')[0]]).toEqual([1, 'new failures: 1']);
      const better = await vitap('lab', 'compare', bad, good, ...lab);
      expect([better.exit, better.out.split('\n')[0]]).toEqual([0, 'new failures: 0']);
      expect(worse.out.split('\n').at(-2)).toBe('compared: 1 run with 1, in 1 cell that both have: 0 cases, 0 times');
      const json = JSON.parse((await vitap('lab', 'compare', good, bad, '--json', ...lab)).out);
      expect(json.compared).toMatchObject({ firstRuns: 1, secondRuns: 1, cells: 1, cases: 0 });
      expect(json).toMatchObject({ verdict: 'fail', newFailures: [{ suite: 'rehearsal of 1 ms', of: null }] });
    });

    it('results --case says in which runs a case did not pass, and ends with 1 when there are some', async () => {
      const [first, second] = [await submitted(), await submitted()];
      const card = '3B8A80018031F873F741FF8290006A';
      const cases = [{ id: 'SEL-1', verdict: 'fail', reason: '6A82 came' }] as const;
      await judge({ verdict: 'failed', reason: 'no', card, cases });
      await judge({ cases: [{ id: 'SEL-1', verdict: 'pass', reason: '' }] });
      const line = `${`${first}/1`.padStart(8)}  fail          any reader × rehearsal of 1 ms #1  verbs-1 loopback (simulated), card ${card}: 6A82 came\n`;
      const ofCase = (...more: string[]) => vitap('lab', 'results', ...more, ...lab);
      expect(await ofCase(first, '--case', 'SEL-1')).toEqual({
        ...{ exit: 1, out: line },
        err: `SEL-1 failed or was inconclusive in 1 run of campaign ${first}\n`,
      });
      expect(await ofCase(second, '--case', 'SEL-1')).toEqual({
        ...{ exit: 0, out: '' },
        err: `SEL-1 failed or was inconclusive in no run of campaign ${second}\n`,
      });
      expect(await ofCase('--all', '--case', 'SEL-1')).toMatchObject({ exit: 1, out: line });
      expect(await ofCase(second, '--case', 'SEL-9')).toMatchObject({
        ...{ exit: 2, err: `vitap: no run of campaign ${second} has judged a case SEL-9\n` },
      });
      const json = JSON.parse((await ofCase('--all', '--case', 'SEL-1', '--json')).out);
      expect(json).toMatchObject({
        id: 'lab-case',
        verdict: 'fail',
        campaign: null,
        runs: [{ verdict: 'fail', card }],
      });
      for (const words of [['--case', 'SEL-1'], ['--all'], [first, '--all', '--case', 'SEL-1']]) {
        const { exit, err } = await ofCase(...words);
        expect([exit, err]).toEqual([2, 'vitap: --case ID goes with the number of a campaign, or with --all\n']);
      }
    });

    it('submit --dry-run ends as the submission would', async () => {
      const file = join(folder, 'somebody.yaml');
      writeFileSync(file, 'version: 1\nname: somebody\nneeds: {bench: somebody}\njudge: [{rehearsal: 1}]\n');
      const unfit = await vitap('lab', 'submit', file, '--dry-run', ...lab);
      expect([unfit.exit, unfit.err]).toEqual([
        1,
        'vitap: no bench can take 1 run; --force submits them all the same, to wait\n',
      ]);
      expect((await vitap('lab', 'submit', file, '--dry-run', '--force', ...lab)).exit).toBe(0);
    });

    it('a bench that says good-bye is not called alive until it is back', async () => {
      const beat = { clock: Date.now(), devices: [LOOPBACK], attempts: [], drift: null, spooled: 0 };
      await bench.heartbeat({ bench: 'verbs-1', ...beat });
      const own = async () => /^verbs-1 {2}.*\n.*$/m.exec((await vitap('lab', 'benches', ...lab)).out)?.[0];
      await bench.leave('verbs-1');
      expect(await own()).toMatch(/^verbs-1 {2}vitap 0\.1\.0, ended 20\S+Z\n {2}loopback {2}simulated, away$/);
      await bench.heartbeat({ bench: 'verbs-1', ...beat });
      expect(await own()).not.toContain('ended');
      await expect(bench.leave('nobody')).rejects.toThrow('there is no bench nobody: it enrols first');
    });

    it('what is not there is named', async () => {
      const token = await vitap('lab', 'token', 'revoke', '99999', ...lab);
      expect([token.exit, token.err]).toEqual([2, 'vitap: there is no token 99999\n']);
      const gone = await vitap('lab', 'benches', '--release', 'nobody', ...lab);
      expect([gone.exit, gone.err]).toEqual([2, 'vitap: there is no bench nobody: it enrols first\n']);
      const compared = await vitap('lab', 'compare', '88888', '99999', ...lab);
      expect([compared.exit, compared.err]).toEqual([2, 'vitap: there is no campaign 88888\n']);
    });

    it('what cannot be asked ends with 2 and one sentence, in JSON too', async () => {
      const wrong = ['--server', lab[1] as string, '--token-file', tokenFile('vlab_wrong-wrong-wrong')];
      for (const words of [['watch', '1'], ['results'], ['compare', '1', '2'], ['benches'], ['token', 'list']]) {
        const { exit, out, err } = await vitap('lab', ...words, '--json', ...wrong);
        const message = 'the token is missing, wrong or revoked: ask an operator for one';
        expect([exit, JSON.parse(out), err]).toEqual([
          2,
          { error: { kind: 'cannot-run', message } },
          `vitap: ${message}\n`,
        ]);
      }
      const unknown = await vitap('lab', 'watch', '99999', ...lab);
      expect([unknown.exit, unknown.err]).toEqual([2, 'vitap: there is no campaign 99999\n']);
    });
  });

  describe('the verbs at a server of another kind', { timeout: SLOW }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-double-'));
    const token = join(folder, 'token');
    writeFileSync(token, `vlab_${'x'.repeat(43)}\n`, { mode: 0o600 });
    const servers: Server[] = [];
    afterAll(() => {
      for (const each of servers) {
        each.closeAllConnections();
        each.close();
      }
      rmSync(folder, { recursive: true, force: true });
    });
    /** Answers a path with one document after the other; the last one stays. Null: the connection breaks. */
    async function served(answers: Readonly<Record<string, readonly (object | null)[]>>): Promise<readonly string[]> {
      const left = new Map(Object.entries(answers).map(([path, all]) => [path, [...all]]));
      const double = createServer((request, response) => {
        const waiting = left.get((request.url ?? '').split('?')[0] ?? '');
        const answer = waiting === undefined || waiting.length > 1 ? waiting?.shift() : waiting[0];
        if (answer === null) {
          response.destroy();
          return;
        }
        response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer ?? { error: 'no-such-route', message: 'nothing is served there' }));
      });
      servers.push(double);
      await new Promise<void>((resolve) => double.listen(0, '127.0.0.1', resolve));
      return ['--server', `http://127.0.0.1:${(double.address() as AddressInfo).port}`, '--token-file', token];
    }
    const vitap = async (...args: readonly string[]) => {
      const io = fakeIo();
      const exit = await runCommandLine([...args], '0.0.0', VERBS, io);
      return { exit, out: io.out.join(''), err: io.err.join('') };
    };
    const matrix = (counts: object) => ({
      ...{ subjects: [], suites: [], cells: [], after: null },
      campaign: { ...SUMMARY, counts: { ...COUNTS, ...counts } },
    });

    it('watch asks a server that tells no events, and says so once', async () => {
      const running = matrix({ running: 1 });
      const lab = await served({ '/v1/campaigns/7': [running, running, running, matrix({ passed: 1 })] });
      const { exit, out, err } = await vitap('lab', 'watch', '7', ...lab);
      expect([exit, out]).toEqual([0, 'campaign 7, nightly: 1 running\ncampaign 7, nightly: 1 passed\n']);
      expect(err).toBe('vitap: the server tells no events (nothing is served there); it is asked every second\n');
    });

    it('a lab without campaigns and without benches says so', async () => {
      const lab = await served({ '/v1/campaigns': [{ campaigns: [], after: null }], '/v1/benches': [{ benches: [] }] });
      const said = 'no campaign was submitted yet\n';
      expect(await vitap('lab', 'results', ...lab)).toEqual({ exit: 0, out: '', err: said });
      expect(await vitap('lab', 'benches', ...lab)).toEqual({ exit: 0, out: '', err: 'no bench has enrolled yet\n' });
    });

    it('watch waits for a server that went away', async () => {
      const running = matrix({ running: 1 });
      const answers = { '/v1/campaigns/7': [running, running, null, null, matrix({ passed: 1 })] };
      const lab = await served({ ...answers, '/v1/events': [null] });
      const { exit, err } = await vitap('lab', 'watch', '7', '--json', ...lab);
      expect([exit, err]).toEqual([0, 'vitap: the server does not answer; it is asked again\n']);
    });

    it.each(['lost', 'doubled', 'stranded', 'miscounted'])(
      'results --check ends with 1 when something is %s',
      async (kind) => {
        const clean = { runs: 1, results: 1, lost: [], doubled: [], stranded: [], miscounted: [] };
        const lab = await served({ '/v1/check': [{ ...clean, [kind]: kind === 'miscounted' ? [7] : ['r'] }] });
        expect((await vitap('lab', 'results', '--check', ...lab)).exit).toBe(1);
        expect(JSON.parse((await vitap('lab', 'results', '--check', '--json', ...lab)).out).verdict).toBe('fail');
        const good = await served({ '/v1/check': [clean] });
        expect((await vitap('lab', 'results', '--check', ...good)).exit).toBe(0);
      },
    );

    it('watch ends on Ctrl-C', async () => {
      const lab = await served({ '/v1/campaigns/7': [matrix({ running: 1 })] });
      const end = new AbortController();
      const io = fakeIo({ signal: end.signal });
      const watching = runCommandLine(['lab', 'watch', '7', ...lab], '0.0.0', VERBS, io);
      await vi.waitFor(() => expect(io.out.join('')).toContain('1 running'), SLOW);
      end.abort();
      expect(await watching).toBe(2);
      expect(io.err.join('')).toContain('vitap: interrupted\n');
    });
  });
}
