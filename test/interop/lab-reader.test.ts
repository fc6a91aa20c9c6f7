import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type OpenedReader, openReader } from '../../rig/endpoint/open-reader.ts';
import { type PersonLink, personLink } from '../../rig/lab/api/person-link.ts';
import { pinnedFetch } from '../../rig/web/pinned-fetch.ts';
import { hasEnded } from '../child-end.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { RunningVerb } from './running-verb.ts';

const PROGRAM = new URL('../../bin/vitap.js', import.meta.url).pathname;
const LIMIT_MS = 120_000;
/** Application identifier that the card does not have: 6A82 from a card that answers at all. */
const SELECT = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x05, 1, 2, 3, 4, 5);

const mayUnshare = spawnSync('unshare', ['--mount', '--net', 'true']).status === 0;

/** A server with TLS, a bench with a card in vpcd's reader, and whoever asks for it. */
describeNeeds(['pcscd', 'vpcd', 'nfc-pcsc', 'openssl', 'socat'], 'a reader of the lab, over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-reader-'));
  const at = (name: string): string => join(folder, name);
  const running: RunningVerb[] = [];
  let pcscd: Pcscd;
  let bench: RunningVerb;
  let origin: string;
  let pin: string;
  let person: PersonLink;

  function start(...args: string[]): RunningVerb {
    const verb = new RunningVerb(...args);
    running.push(verb);
    return verb;
  }
  function startBench(): RunningVerb {
    return start(
      ...['lab', 'bench', '--server', origin, '--token-file', at('bench.token'), '--pin', pin],
      ...['--name', 'one', '--bench-file', at('one.yaml'), '--folder', at('bench')],
    );
  }
  const isFree = () =>
    vi.waitFor(
      async () => {
        const [one] = await person.benches();
        expect(one).toMatchObject({ alive: true, running: [] });
        expect(one?.devices.some(({ card }) => card?.label === 'blue-42')).toBe(true);
      },
      { timeout: LIMIT_MS, interval: 200 },
    );
  const lent = (token: string): Promise<OpenedReader> => {
    writeFileSync(at('asked.token'), `${token}\n`, { mode: 0o600 });
    vi.stubEnv('VITAP_LAB', origin);
    vi.stubEnv('VITAP_LAB_PIN', pin);
    vi.stubEnv('VITAP_LAB_TOKEN_FILE', at('asked.token'));
    return openReader({ driver: 'lab', label: 'blue-42' }, { exclusive: true });
  };

  beforeAll(async () => {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=lab.test', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', at('key.pem'), '-out', at('cert.pem')],
      ],
      { stdio: 'ignore' },
    );
    execFileSync('chmod', ['600', at('key.pem')]);
    pcscd = await Pcscd.start();
    const tls = ['--tls-certificate', at('cert.pem'), '--tls-key', at('key.pem')];
    const server = start('lab', 'serve', at('lab'), '--port', '0', '--quiet', ...tls);
    const card = start('emulate', '--link', 'vpcd', '--profile', 'vitale2');
    await Promise.all([server.says('Ctrl-C ends this server', LIMIT_MS), card.says('ready')]);
    origin = /https:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0];
    pin = /pin of its key, for benches: (\S+)/.exec(server.out)![1]!;
    const token = readFileSync(at('lab/operator.token'), 'utf8').trim();
    person = personLink({ origin, token, fetch: pinnedFetch(pin) });
    writeFileSync(at('bench.token'), `${await person.addToken('bench', 'bench')}\n`, { mode: 0o600 });
    writeFileSync(at('one.yaml'), 'version: 1\ninProcess: 0\ncards: [{label: blue-42, reader: "00 00"}]\n');
    bench = startBench();
    await isFree();
  }, LIMIT_MS);
  afterAll(async () => {
    vi.unstubAllEnvs();
    for (const verb of running.reverse()) await verb.stop();
    await pcscd?.stop();
    expect(running.every(({ child }) => hasEnded(child))).toBe(true);
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it.skipIf(!mayUnshare)(
    `is read from a network namespace that has no reader${mayUnshare ? '' : ' (this system gives no namespaces)'}`,
    { timeout: LIMIT_MS },
    async () => {
      const socket = at('way');
      const port = new URL(origin).port;
      const way = spawn('socat', [`UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${port}`]);
      // Nothing leads out but one way to the server, and pcscd's socket is not there.
      const script = `
        PATH=$PATH:/usr/sbin:/sbin
        mount -t tmpfs tmpfs /run/pcscd; ip link set lo up
        socat TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:"$1" & way=$!
        for i in $(seq 100); do socat -u OPEN:/dev/null TCP:127.0.0.1:${port} 2>/dev/null && break; sleep 0.1; done
        shift
        "$@" tap --reader pcsc --sequence identity 2>&1; echo "exit $?"
        "$@" tap --reader lab:blue-42 --sequence identity 2>&1; echo "exit $?"
        VITAP_LAB_PIN=${'A'.repeat(43)} "$@" tap --reader lab:blue-42 2>&1; echo "exit $?"
        kill $way`;
      try {
        const env = [
          ...[`VITAP_LAB=${origin}`, `VITAP_LAB_PIN=${pin}`],
          `VITAP_LAB_TOKEN_FILE=${at('lab/operator.token')}`,
        ];
        const command = ['--mount', '--net', 'sh', '-c', script, 'sh', socket, process.execPath, PROGRAM];
        const { out } = await run('env', [...env, 'unshare', ...command]);
        const [none, lab, other] = out.split(/exit \d\n/);
        expect(out.match(/exit \d/g), out).toEqual(['exit 2', 'exit 0', 'exit 2']);
        expect(none).toContain('pcscd');
        expect(lab).toContain('ADRUN');
        expect(lab).toContain('Virtual PCD 00 00');
        expect(other).toBe(
          `vitap: ${origin} cannot be reached: the server has another key than the one that was pinned\n`,
        );
      } finally {
        way.kill('SIGKILL');
      }
      await isFree();
    },
  );

  it('answers the longest command that there is, and goes on', { timeout: LIMIT_MS }, async () => {
    const { reader, close } = await lent(readFileSync(at('lab/operator.token'), 'utf8').trim());
    try {
      const session = await reader.connect({ timeoutMs: 20_000 });
      // UPDATE BINARY with Nc 65535 and Ne 65536: 65544 bytes.
      const longest = new Uint8Array(65_544);
      longest.set([0x00, 0xd6, 0x00, 0x00, 0x00, 0xff, 0xff]);
      const answer = await session.transmit(longest).then(
        ({ response }) => response.length,
        (error: { kind: string }) => error.kind,
      );
      expect([2, 'too-long', 'unsupported']).toContain(answer);
      const { response } = await session.transmit(SELECT);
      expect(Buffer.from(response).toString('hex')).toBe('6a82');
    } finally {
      await close();
    }
    await isFree();
  });

  it('is taken back with the token that asked for it', { timeout: LIMIT_MS }, async () => {
    const token = await person.addToken('shift 3', 'operator');
    const { reader, close } = await lent(token);
    const session = await reader.connect({ timeoutMs: 20_000 });
    await session.transmit(SELECT);
    const id = (await person.tokens()).find(({ name }) => name === 'shift 3')!.id;
    await person.revokeToken(id);
    const over = (async () => {
      for (;;) await session.transmit(SELECT);
    })();
    await expect(over).rejects.toMatchObject({ kind: 'reader-lost', message: 'the token was revoked' });
    await close();
    await isFree();
  });

  it('whose bench stalls and dies is said in time; the card is there for the next', { timeout: LIMIT_MS }, async () => {
    const { reader, close } = await lent(readFileSync(at('lab/operator.token'), 'utf8').trim());
    const session = await reader.connect({ timeoutMs: 20_000 });
    await session.transmit(SELECT);
    bench.child.kill('SIGSTOP');
    await expect(session.transmit(SELECT)).rejects.toMatchObject({
      kind: 'reader-lost',
      message: 'the bench of this reader has gone',
    });
    await close();
    bench.kill();
    await vi.waitFor(() => expect(hasEnded(bench.child)).toBe(true), 20_000);
    bench = startBench();
    await isFree();
    const again = await lent(readFileSync(at('lab/operator.token'), 'utf8').trim());
    const next = await again.reader.connect({ timeoutMs: 20_000 });
    expect(Buffer.from((await next.transmit(SELECT)).response).toString('hex')).toBe('6a82');
    await again.close();
    expect(await person.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });
  });
});
