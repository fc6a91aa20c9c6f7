import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { READING } from '../../rig/life/counter/reading.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { KEY } from '../../src/applet/image/layout.ts';
import { nirKey } from '../../src/applet/vitale/index.ts';
import { FileNvm } from '../../src/hal/nvm/file.ts';
import { childEnd } from '../child-end.ts';
import { formsFound } from '../written-forms.ts';
import { run } from './card.ts';
import { type HttpRecorder, recordHttp, searchable } from './http-recorder.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { cardIsIn, SLOTS, slotIsEmpty } from './vpcd-card.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 120_000 });

const CODE = '402917';
const NIR = '2751263220749';
/** What is the person's, as it stands in files and on the air. */
const SECRETS = ['DRUVORLANTIN', 'MARIE-LOUKA', NIR, '19751231', CODE];
const PERSON = {
  quality: 0,
  birthRank: 1,
  birthDate: '19751231',
  usualName: 'DRUVORLANTIN',
  birthName: null,
  firstName: 'MARIE-LOUKA',
};
const FAMILY = {
  department: '75',
  insured: { nir: NIR, key: nirKey(NIR) },
  affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
  beneficiaries: [
    {
      index: 1,
      ...PERSON,
      certifiedNir: { nir: NIR, key: nirKey(NIR) },
      rights: [{ start: '20240101', end: null }],
    },
  ],
};
const AMOUNTS = 'total: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n';
const WHO = 'date: 20261129\nbeneficiary: 1\nprofessionalId: "991234567"\nprofessionalName: CABINET DES TILLEULS\n';

/** Where each secret may stand in what goes over the line, and stands: all else is a leak. */
const BELONGS: readonly string[] = [
  'CAN: request POST /v1/activations',
  'NIR: answer POST /openid/credential',
  'NIR: answer POST /v1/activations',
  'NIR: answer POST /v1/presences/resolve',
  // In the offline QR code that proves a claim.
  'NIR: request POST /v1/claims',
  'birth date: answer POST /openid/credential',
  // The phone refuses it as a code.
  'birth date: answer POST /v1/activations',
  'birth date: answer POST /v1/presences/resolve',
  'birth date: request POST /v1/applications',
  'name: answer POST /openid/credential',
  'name: answer POST /v1/activations',
  'name: answer POST /v1/presences/resolve',
  'name: request POST /v1/applications',
  'name: request POST /v1/claims',
  'presence: answer POST /v1/phone/presences',
  'presence: request POST /v1/presences/resolve',
  'secret of the operator: request GET /v1/operator/applications',
  'secret of the operator: request POST /v1/operator/applications/{id}/decision',
  'ticket: answer POST /v1/applications',
  'ticket: request POST /v1/activations',
  'token of a context: answer POST /v1/presences/resolve',
  'token of a context: request POST /v1/contexts/{id}/claims',
  'transaction code: request POST /openid/token',
];

function expectNothingPersonal(what: string, text: Uint8Array | string): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  expect(SECRETS.map((secret) => [what, secret, formsFound(bytes, secret)])).toEqual(
    SECRETS.map((secret) => [what, secret, []]),
  );
}

/** A phone, its issuer and a counter, each in processes of their own, and a card on the machine's PC/SC stack. */
describeNeeds(PCSC_STACK, 'the life of a digital card, from terminals', () => {
  let root: string;
  let daemon: Pcscd;
  let issuer: ChildProcess;
  let log = '';
  let origin: string;
  let secret: string;
  let recorder: HttpRecorder;
  /** Everything that counters have said. */
  let said = '';
  const at = (name: string): string => join(root, name);

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'vitap-life-'));
    daemon = await Pcscd.start();
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    // The issuer is at another address of this machine, and what is between keeps all that passes.
    recorder = await recordHttp(port, '127.0.0.2');
    await vitap('issuer', 'init', at('issuer'), '--origin', origin);
    writeFileSync(at('families.jsonl'), `${JSON.stringify(FAMILY)}\n`);
    await vitap('issuer', 'insured', 'import', at('issuer'), at('families.jsonl'));
    issuer = spawn(process.execPath, [PROGRAM, 'issuer', 'serve', at('issuer'), '--host', '127.0.0.2', '--json']);
    let told = '';
    issuer.stdout?.on('data', (part: Buffer) => {
      told += part.toString();
    });
    issuer.stderr?.on('data', (part: Buffer) => {
      log += part.toString();
    });
    await vi.waitFor(() => JSON.parse(told), { timeout: 90_000, interval: 100 });
    secret = new URL((JSON.parse(told) as { operator: string }).operator).hash.slice(1);
  });
  afterAll(async () => {
    issuer?.kill('SIGINT');
    if (issuer !== undefined) await childEnd(issuer);
    recorder?.close();
    await daemon?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  /** Runs a command that must end well, unless another exit code is expected. */
  async function vitap(...words: string[]): Promise<string> {
    const { exit, out, err } = await attempt(...words);
    expect(exit, `${words.join(' ')}: ${err}`).toBe(0);
    return out;
  }
  const attempt = (...words: string[]): ReturnType<typeof run> =>
    run('env', [`VITAP_PIN=${CODE}`, `VITAP_NEW_PIN=${CODE}`, process.execPath, PROGRAM, ...words]);

  async function counter(...words: string[]): Promise<{ exit: number | null; out: string; err: string }> {
    const keys = ['--keys', at('issuer/counter.keys.json'), '--counter', at('counter')];
    const told = await attempt('counter', ...words, ...keys);
    said += told.out + told.err;
    return told;
  }

  async function ask<T>(path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${origin}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        ...(path.startsWith('/v1/operator/') && { authorization: `Bearer ${secret}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as T;
  }

  /** @returns the PUK and the ticket */
  async function activate(name: string): Promise<{ puk: string; ticket: string }> {
    const identity = {
      familyName: 'DRUVORLANTIN',
      givenName: 'MARIE-LOUKA',
      birthDate: '1975-12-31',
      birthPlaceCode: '63220',
    };
    const files = { 'document-front': 'c3ludGhldGlj', video: 'c3ludGhldGlj' };
    const { ticket } = await ask<{ ticket: string }>('/v1/applications', { identity, files });
    const { applications } = await ask<{ applications: { id: string }[] }>('/v1/operator/applications');
    for (const { id } of applications) await ask(`/v1/operator/applications/${id}/decision`, { refuse: null });
    writeFileSync(at(`${name}.ticket`), ticket, { mode: 0o600 });
    const words = ['--phone', at(name), '--issuer', origin, '--ticket-file', at(`${name}.ticket`), '--json'];
    const { puk } = JSON.parse(await vitap('phone', 'activate', ...words)) as { puk: string };
    const { can } = JSON.parse(await vitap('phone', 'status', '--phone', at(name), '--json')) as { can: string };
    writeFileSync(at(`${name}.can`), can, { mode: 0o600 });
    return { puk, ticket };
  }

  /** Presents the phone on vpcd while a counter works. */
  async function presented<T>(name: string, work: () => Promise<T>): Promise<T> {
    const env = { ...process.env, VITAP_PIN: CODE };
    const child = spawn(process.execPath, [PROGRAM, 'phone', 'present', '--phone', at(name), '--json'], { env });
    let events = '';
    child.stdout.on('data', (part: Buffer) => {
      events += part.toString();
    });
    try {
      await vi.waitFor(() => expect(events).toContain('"event":"open"'), { timeout: 60_000, interval: 50 });
      await cardIsIn();
      return await work();
    } finally {
      child.kill('SIGINT');
      await childEnd(child);
      await slotIsEmpty();
    }
  }

  const tap = (name: string, ...more: string[]): ReturnType<typeof counter> => {
    const reader = ['--reader', `pcsc:${SLOTS[0]}`, '--can-file', at(`${name}.can`)];
    return counter('tap', ...reader, '--issuer', origin, '--json', ...more);
  };

  /** A QR code that the phone shows, as a scanner types it: through a picture. */
  async function scan(name: string, kind: '--presence' | '--offline'): ReturnType<typeof counter> {
    await vitap('phone', 'qr', kind, '--phone', at(name), '--png', at(`${name}.png`));
    return counter('scan', '--image', at(`${name}.png`), '--issuer', origin, '--json');
  }

  function claim(number: number): string {
    const file = at(`claim-${number}.yaml`);
    writeFileSync(file, `number: "${`${number}`.padStart(9, '0')}"\n${WHO}${AMOUNTS}`);
    return file;
  }

  it('is lived from activation to wipe, and nothing personal stands where it does not belong', async () => {
    const { puk, ticket } = await activate('a');
    const [letter = ''] = readdirSync(at('issuer/letters'));
    const txCode = readFileSync(at(`issuer/letters/${letter}`), 'utf8').trim();
    const letterFile = ['--tx-code-file', at(`issuer/letters/${letter}`)];
    await vitap('phone', 'credential', '--phone', at('a'), ...letterFile);
    const keysOfCard = keysIn(at('a'));
    const trace = at('tap.jsonl');
    const tapped = await presented('a', () => tap('a', '--record', trace));
    expect(tapped.exit, tapped.err).toBe(0);
    expect(READING.parse(JSON.parse(tapped.out))).toMatchObject({ way: 'card', activation: { state: 'active' } });

    const presence = await scan('a', '--presence');
    expect(presence.exit, presence.err).toBe(0);
    expect(READING.parse(JSON.parse(presence.out)).people).toMatchObject([{ firstName: '***', open: true }]);
    const sent = await counter('claim', claim(1), '--after', 'last', '--json');
    expect(JSON.parse(sent.out), sent.err).toMatchObject({ state: 'sent' });

    const offline = await scan('a', '--offline');
    expect(offline.exit, offline.err).toBe(0);
    expect(READING.parse(JSON.parse(offline.out))).toMatchObject({
      way: 'offline QR',
      activation: { state: 'active' },
    });
    const again = await counter('scan', '--image', at('a.png'), '--issuer', origin);
    expect(again).toMatchObject({ exit: 1, out: '' });
    expect((await counter('claim', claim(2), '--after', 'last')).exit).toBe(0);
    const queue = await counter('queue', 'send', '--json');
    expect(JSON.parse(queue.out).claims.map(({ state }: { state: string }) => state)).toEqual(['sent', 'sent']);

    const onCard = await presented('a', () =>
      counter('claim', claim(3), '--reader', `pcsc:${SLOTS[0]}`, '--can-file', at('a.can')),
    );
    expect(onCard, onCard.err).toMatchObject({ exit: 0, out: 'the claim is on the card\n' });
    await vitap('phone', 'sync', '--phone', at('a'));

    // Where they belong they are found, or the searches below would find nothing anywhere.
    expect(() => expectNothingPersonal('the image', readFileSync(at('a/phone.img')))).toThrow();
    await activate('b');
    const revoked = await presented('a', () => tap('a'));
    expect(revoked.exit).toBe(1);
    expect(READING.parse(JSON.parse(revoked.out))).toMatchObject({ people: [], activation: { state: 'revoked' } });
    const old = await scan('a', '--offline');
    expect(old).toMatchObject({ exit: 1 });
    expect(old.err).toMatch(/the card is revoked/);
    expect((await attempt('phone', 'qr', '--presence', '--phone', at('a'), '--text')).exit).toBe(1);
    await attempt('phone', 'sync', '--phone', at('a'));
    expectNothingPersonal('the image of phone A', readFileSync(at('a/phone.img')));
    const next = await presented('b', () => tap('b'));
    expect(READING.parse(JSON.parse(next.out)).people, next.err).toMatchObject([{ open: true }]);

    expect(log).not.toBe('');
    expectNothingPersonal('the log of the issuer', log);
    expectNothingPersonal('what counters said', said);
    expectNothingPersonal('the recorded tap', readFileSync(trace));

    const messages = recorder.messages();
    const answerOf = (route: string): Record<string, unknown> =>
      JSON.parse(messages.find((each) => each.route === route && each.part === 'answer')?.body.toString('utf8') ?? '');
    const context = answerOf('POST /v1/presences/resolve').context as { token: string };
    const secrets: readonly (readonly [string, string | Uint8Array])[] = [
      ...SECRETS.slice(0, 2).map((word) => ['name', word] as const),
      ['NIR', NIR],
      ['birth date', '19751231'],
      ['birth date', '1975-12-31'],
      ['code', CODE],
      ['PUK', puk],
      ['CAN', readFileSync(at('a.can'), 'utf8')],
      ['transaction code', txCode],
      ['ticket', ticket.split('.')[1] as string],
      ['presence', answerOf('POST /v1/phone/presences').presence as string],
      ['token of a context', context.token],
      ['secret of the operator', secret],
      ...keysOfCard.map((key) => ['key of the card', key] as const),
      ...['keys.json', 'issuer.keys.json', 'counter.keys.json'].flatMap((file) =>
        privateKeysIn(at(`issuer/${file}`)).map((key) => ['key of the issuer', key] as const),
      ),
    ];
    const found = new Set<string>();
    for (const message of messages) {
      const bytes = searchable(message);
      for (const [name, value] of secrets) {
        if (formsFound(bytes, value).length > 0) found.add(`${name}: ${message.part} ${message.route}`);
      }
      // Nothing of it stands in an address, which logs and histories keep.
      const [line = ''] = message.head.split('\r\n');
      for (const [name, value] of secrets)
        expect([name, line, formsFound(Buffer.from(line), value)]).toEqual([name, line, []]);
    }
    expect(secrets.length).toBeGreaterThan(15);
    expect(messages.length).toBeGreaterThan(150);
    expect([...found].sort()).toEqual(BELONGS);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}

/** Private keys in the image of a phone. */
function keysIn(folder: string): Uint8Array[] {
  const image = FileNvm.load(join(folder, 'phone.img'));
  return openImage(image).keys.map(({ address }) => {
    const key = new Uint8Array(32);
    image.read(address + KEY.VALUE, key, 0, key.length);
    return key;
  });
}

/** Every private key that a file of the issuer has. */
function privateKeysIn(file: string): Uint8Array[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/"(?:[0-9a-f]{64}|[0-9A-F]{64})"/g)].map(([quoted]) =>
    Buffer.from(quoted.slice(1, -1), 'hex'),
  );
}
