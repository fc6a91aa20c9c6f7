import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type OpenedReader, openReader } from '../../rig/endpoint/open-reader.ts';
import { hasEnded } from '../child-end.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { RunningLab } from './running-lab.ts';
import { PROGRAM, type RunningVerb } from './running-verb.ts';

const LIMIT_MS = 120_000;
/** Application identifier that the card does not have: 6A82 from a card that answers at all. */
const SELECT = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x05, 1, 2, 3, 4, 5);

const mayUnshare = spawnSync('unshare', ['--mount', '--net', 'true']).status === 0;

/** A server with TLS, a bench with a card in vpcd's reader, and whoever asks for it. */
describeNeeds(['pcscd', 'vpcd', 'nfc-pcsc', 'openssl', 'socat'], 'a reader of the lab, over TLS', () => {
  const lab = new RunningLab('lab-reader');
  const { at } = lab;
  let pcscd: Pcscd;
  let bench: RunningVerb;

  const startBench = (): RunningVerb =>
    lab.startBench('one', 'inProcess: 0\ncards: [{label: blue-42, reader: "00 00"}]\n');
  const isFree = () =>
    vi.waitFor(
      async () => {
        const [one] = await lab.person.benches();
        expect(one).toMatchObject({ alive: true, running: [] });
        expect(one?.devices.some(({ card }) => card?.label === 'blue-42')).toBe(true);
      },
      { timeout: LIMIT_MS, interval: 200 },
    );
  const nameLab = (who: string): void => {
    vi.stubEnv('VITAP_LAB', lab.origin);
    vi.stubEnv('VITAP_LAB_PIN', lab.pin);
    vi.stubEnv('VITAP_LAB_TOKEN_FILE', at(`${who}.token`));
  };
  const lent = (who: string): Promise<OpenedReader> => {
    nameLab(who);
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
    const card = lab.start('emulate', '--link', 'vpcd', '--profile', 'vitale2');
    await lab.serve('--tls-certificate', at('cert.pem'), '--tls-key', at('key.pem'));
    await card.says('ready');
    bench = startBench();
    await isFree();
  }, LIMIT_MS);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await lab.stop();
    await pcscd?.stop();
  }, LIMIT_MS);

  it.skipIf(!mayUnshare)(
    `is read from a network namespace that has no reader${mayUnshare ? '' : ' (this system gives no namespaces)'}`,
    { timeout: LIMIT_MS },
    async () => {
      const socket = at('way');
      const port = new URL(lab.origin).port;
      const way = spawn('socat', [`UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${port}`]);
      await once(way, 'spawn');
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
          ...[`VITAP_LAB=${lab.origin}`, `VITAP_LAB_PIN=${lab.pin}`],
          `VITAP_LAB_TOKEN_FILE=${at('operator.token')}`,
        ];
        const command = ['--mount', '--net', 'sh', '-c', script, 'sh', socket, process.execPath, PROGRAM];
        const { out } = await run('env', [...env, 'unshare', ...command]);
        const [none, far, other] = out.split(/exit \d\n/);
        expect(out.match(/exit \d/g), out).toEqual(['exit 2', 'exit 0', 'exit 2']);
        expect(none).toContain('pcscd');
        expect(far).toContain('ADRUN');
        expect(far).toContain('Virtual PCD 00 00');
        expect(other).toBe(
          `vitap: ${lab.origin} cannot be reached: the server has another key than the one that was pinned\n`,
        );
      } finally {
        way.kill('SIGKILL');
      }
      await isFree();
    },
  );

  it('answers the longest command that there is, and goes on', { timeout: LIMIT_MS }, async () => {
    const { reader, close } = await lent('operator');
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
    lab.writeToken('shift', await lab.person.addToken('shift 3', 'operator'));
    const { reader, close } = await lent('shift');
    const session = await reader.connect({ timeoutMs: 20_000 });
    await session.transmit(SELECT);
    const id = (await lab.person.tokens()).find(({ name }) => name === 'shift 3')!.id;
    await lab.person.revokeToken(id);
    const over = (async () => {
      for (;;) await session.transmit(SELECT);
    })();
    await expect(over).rejects.toMatchObject({ kind: 'reader-lost', message: 'the token was revoked' });
    await close();
    await isFree();
  });

  it('whose bench stalls and dies is said in time; the card is there for the next', { timeout: LIMIT_MS }, async () => {
    const { reader, close } = await lent('operator');
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
    const again = await lent('operator');
    const next = await again.reader.connect({ timeoutMs: 20_000 });
    expect(Buffer.from((await next.transmit(SELECT)).response).toString('hex')).toBe('6a82');
    await again.close();
    expect(await lab.person.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });
  });

  // The last one: afterwards there is no server.
  it('whose server is killed ends every verb: one sentence, exit 2, what was judged is kept', {
    timeout: LIMIT_MS,
  }, async () => {
    nameLab('operator');
    const [trace, report] = [at('judged.jsonl'), at('judged.json')];
    // The fifth of the six sends 131,072 commands: the server dies in its middle.
    const only = 'SEL-MF-0?,SEL-118,SEL-119';
    const judging = lab.start(
      ...['conform', '--suite', 'iso7816-4', '--reader', 'lab:blue-42', '--only', only, '--json', report],
      ...['--record', trace],
    );
    await vi.waitFor(
      () => {
        const [name] = readdirSync(lab.folder).filter((each) => each.startsWith('judged.jsonl'));
        expect(readFileSync(at(name!), 'utf8').split('\n').length).toBeGreaterThan(1000);
      },
      { timeout: LIMIT_MS, interval: 100 },
    );
    const waiting = lab.start('tap', '--reader', 'lab:blue-42', '--sequence', 'identity');
    lab.killServer();
    for (const verb of [judging, waiting]) {
      await vi.waitFor(() => expect(hasEnded(verb.child)).toBe(true), { timeout: LIMIT_MS, interval: 50 });
      expect([verb.child.exitCode, verb.err]).toEqual([2, expect.stringMatching(/^vitap: [^\n]+\n$/)]);
      expect(verb.err).not.toContain('fault of vitap');
    }
    const judged = JSON.parse(readFileSync(report, 'utf8'));
    expect(`vitap: ${judged.lost}\n`).toBe(judging.err);
    expect([judged.verdict, judged.selected, judged.run]).toEqual(['interrupted', 6, 5]);
  });
});
