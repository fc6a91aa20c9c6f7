import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { nirKey } from '../../../src/applet/vitale/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { phoneLink } from '../../life/api/phone-link.ts';
import type { CounterFailure } from '../../life/counter/failures.ts';
import type { CounterReading } from '../../life/counter/reading.ts';
import type { Claim } from '../../life/credential/claim.ts';
import type { Family } from '../../life/issuer/family.ts';
import type { IssuerConnection } from '../../life/phone/issuer-connection.ts';
import { Phone } from '../../life/phone/phone.ts';
import { counted } from '../../report/words.ts';
import { onReader } from './phone-on-reader.ts';
import { step } from './script.ts';

/** The code that the holder of the demo chooses; printed, because it protects nothing. */
const CODE = '402917';
const code = (): Uint8Array => new TextEncoder().encode(CODE);
const NIR = '2751263220749';

/** Of the published test identities. */
const FAMILY: Family = {
  department: '75',
  insured: { nir: NIR, key: nirKey(NIR) },
  affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
  beneficiaries: [
    {
      index: 1,
      quality: 0,
      birthRank: 1,
      birthDate: '19751231',
      usualName: 'ADRUN',
      birthName: null,
      firstName: 'ZOE',
      certifiedNir: { nir: NIR, key: nirKey(NIR) },
      rights: [{ start: '20240101', end: null }],
    },
  ],
};

const CLAIM: Claim = {
  number: '000000001',
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '991234567',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
};

/**
 * The life of a digital card, all in this process but over HTTP and through its secure channels: activation, tap, both QR
 * codes, claims, a new phone, the end of the old one.
 * @param folder empty, for everything that is kept
 */
export async function lifeOfACard(folder: string, io: CommandIo): Promise<ExitCode> {
  const stop = new AbortController();
  const origin = `http://127.0.0.1:${await freePort()}`;
  const { operator, ended } = await startIssuer(join(folder, 'issuer'), origin, stop.signal, io);
  try {
    return await new Story(folder, origin, operator, io).tell();
  } finally {
    stop.abort();
    await ended;
  }
}

/** An issuer that serves. */
interface ServedIssuer {
  /** Address of its operator, with the secret. */
  readonly operator: string;
  readonly ended: Promise<unknown>;
}

/** Makes an issuer with one family, and serves it until the signal. */
export async function startIssuer(
  folder: string,
  origin: string,
  signal: AbortSignal,
  io: CommandIo,
  identityProviders: readonly string[] = [],
): Promise<ServedIssuer> {
  const [{ makeIssuer, openIssuer }, { addFamilies }, { serveIssuer }] = await Promise.all([
    import('../../life/issuer/issuer-folder.ts'),
    import('../../life/issuer/registry.ts'),
    import('../../life/issuer/http/serve.ts'),
  ]);
  const now = Date.now();
  await makeIssuer(
    { folder, origin, store: null, departments: ['*'], now },
    { crypto: nobleCrypto(), random: systemRandom },
  );
  const issuer = await openIssuer(folder, now);
  await addFamilies(issuer.store, { families: [FAMILY], now });
  await issuer.store.sql.close();
  const options = {
    ...{ folder, host: null, port: null, certificate: null, key: null, identityProviders, faults: [] },
    ...{ requests: 100_000, quiet: true },
  };
  return new Promise((resolve, reject) => {
    const serving = serveIssuer(options, {
      ...io,
      json: true,
      signal,
      stderr: () => {},
      stdout: (text) => {
        const { operator } = JSON.parse(text) as { operator: string };
        resolve({ operator, ended: serving });
      },
    });
    serving.catch(reject);
  });
}

class Story {
  readonly #folder: string;
  readonly #origin: string;
  /** Address of the operator's page, with its secret. */
  readonly #operator: string;
  readonly #io: CommandIo;
  readonly #issuer: IssuerConnection;

  constructor(folder: string, origin: string, operator: string, io: CommandIo) {
    this.#folder = folder;
    this.#origin = origin;
    this.#operator = operator;
    this.#io = io;
    const world = { crypto: nobleCrypto(), random: systemRandom, now: Date.now };
    this.#issuer = { origin, connect: (signer) => phoneLink({ origin, signal: io.signal }, signer, world) };
  }

  async tell(): Promise<ExitCode> {
    this.#say('an issuer serves on loopback; one insured person, synthetic, is in its registry');
    const a = await this.#activated('A');
    try {
      const first = await this.#told(await this.#tap(a), 'phone A, tapped');
      const presence = await this.#presence(a);
      await this.#claimAfter(presence, '000000001');
      const offline = await this.#offline(a);
      await this.#claimAfter(offline, '000000002');
      const synced = await a.sync(this.#issuer);
      this.#say(
        `phone A hears of ${counted(synced.claims, 'claim')}; it shows ${counted((await a.invoices(code())).length, 'invoice')}`,
      );
      const b = await this.#activated('B');
      try {
        const ended = await this.#end(a);
        const again = await this.#told(await this.#tap(b), 'phone B, tapped');
        return first && again && ended ? EXIT.pass : EXIT.fail;
      } finally {
        b.close();
      }
    } finally {
      a.close();
    }
  }

  /** The way without a digital identity: a picture and a video for an operator, who accepts. */
  async #activated(name: string): Promise<Phone> {
    const ticket = await this.#ticket();
    const world = { crypto: nobleCrypto(), random: systemRandom, clock: systemClock };
    const phone = Phone.open(join(this.#folder, `phone-${name}`), world);
    const { number } = await phone.activate({ ticket, issuer: this.#issuer, newCode: async () => code(), test: false });
    this.#say(`an operator accepts the pictures; phone ${name} makes its keys in its card, the issuer fills the card`);
    this.#say(`through a secure channel, the holder chooses the code ${CODE}: active, as number ${number}`);
    return phone;
  }

  async #ticket(): Promise<string> {
    const { ticket } = await this.#post<{ ticket: string }>('/v1/applications', {
      identity: { familyName: 'Adrun', givenName: 'Zoe', birthDate: '1975-12-31', birthPlaceCode: '63220' },
      files: { 'document-front': 'c3ludGhldGlj', video: 'c3ludGhldGlj' },
    });
    const { applications } = await this.#ask<{ applications: { id: string }[] }>('/v1/operator/applications');
    for (const { id } of applications) await this.#post(`/v1/operator/applications/${id}/decision`, { refuse: null });
    return ticket;
  }

  async #tap(phone: Phone): Promise<CounterReading> {
    const { readTap } = await import('../../life/counter/tap.ts');
    phone.unlock(code());
    return readTap(
      { ...this.#counter(), ...this.#reader(phone), presence: false, invoices: false },
      this.#world(phone),
    );
  }

  async #presence(phone: Phone): Promise<CounterReading> {
    const { presenceQrText } = await import('../../life/credential/presence-qr.ts');
    const { presence } = await phone.presence(
      code(),
      ['insured', 'affiliation', 'beneficiaries', 'rights'],
      this.#issuer,
    );
    const reading = await this.#scan(presenceQrText(presence));
    await this.#told(reading, 'the presence QR code, resolved at the issuer');
    return reading;
  }

  async #offline(phone: Phone): Promise<CounterReading> {
    const text = await this.#offlineCode(phone);
    const reading = await this.#scan(text);
    await this.#told(reading, 'the offline QR code, judged at the counter');
    this.#say(`shown a second time: ${await refusal(this.#scan(text))}`);
    return reading;
  }

  async #offlineCode(phone: Phone): Promise<string> {
    const { makeOfflineQr } = await import('../../life/credential/offline-qr.ts');
    const tokenId = new Uint8Array(16);
    systemRandom.fill(tokenId, 0, tokenId.length);
    const now = Math.floor(Date.now() / 1000);
    return phone.withCredential(code(), (innerCwt, sign) =>
      makeOfflineQr({ innerCwt, now, tokenId }, sign, nobleCrypto()),
    );
  }

  async #claimAfter({ followUp }: CounterReading, number: string): Promise<void> {
    const { sendClaimAfter } = await import('../../life/counter/claim.ts');
    const { ClaimQueue } = await import('../../life/counter/queue.ts');
    const { CounterFolder } = await import('../../life/counter/counter-folder.ts');
    const { withIssuers } = await import('../../life/counter/signed-issuers.ts');
    const options = { ...this.#counter(), after: followUp?.id ?? '' };
    const { state, by } = await sendClaimAfter({ ...CLAIM, number }, options, this.#io);
    if (state === 'sent') return this.#say(`the claim after the ${by === 'context' ? 'presence' : by}: ${state}`);
    const queue = new ClaimQueue(new CounterFolder(options.counter));
    const sent = await withIssuers(options, this.#io, (issuerAt) =>
      queue.send(issuerAt, { now: () => new Date(), signal: this.#io.signal }),
    );
    this.#say(`the claim after the ${by} waited at the counter: ${sent.map((entry) => entry.state).join(', ')}`);
  }

  /** What the phone before is good for, once another one is active. */
  async #end(a: Phone): Promise<boolean> {
    const tapped = await this.#tap(a);
    this.#say(`phone A, tapped: the activation is ${tapped.activation.state}, and nobody is shown`);
    const offline = await this.#offlineCode(a);
    this.#say(`its offline QR code: ${(await refusal(this.#scan(offline))).replace(/, by .*/, '')}`);
    this.#say(`a presence QR code: ${await refusal(a.presence(code(), ['beneficiaries'], this.#issuer))}`);
    await a.sync(this.#issuer);
    a.close();
    const image = readFileSync(join(a.folder, 'phone.img'), 'latin1');
    const left = ['ADRUN', 'ZOE', NIR, '19751231'].filter((secret) => image.includes(secret));
    this.#say(
      `phone A hears of it and wipes itself: ${left.length === 0 ? 'no name and no NIR is' : left.join(', ')} in its image`,
    );
    return tapped.activation.state === 'revoked' && tapped.people.length === 0 && left.length === 0;
  }

  async #scan(text: string): Promise<CounterReading> {
    const { readScanned } = await import('../../life/counter/scan.ts');
    return readScanned(text, this.#counter(), this.#io);
  }

  /** One line of what a counter sees. @returns whether rights are open */
  async #told({ people, known, activation }: CounterReading, what: string): Promise<boolean> {
    const [person] = people;
    const rights = person?.open === true ? 'rights open' : 'rights not open';
    const since = { card: 'read from the card', issuer: 'told by the issuer', signature: 'signed by the issuer' }[
      known.from
    ];
    this.#say(
      `${what}: ${person?.firstName} ${person?.usualName}, ${rights}, ${since}; the activation is ${activation.state}`,
    );
    return person?.open === true;
  }

  #counter() {
    return {
      keys: join(this.#folder, 'issuer', 'counter.keys.json'),
      counter: join(this.#folder, 'counter'),
      ...{ issuer: this.#origin, trust: null, statusList: null, offline: false, acceptUnchecked: false },
      ...{ mostListSeconds: null, rightsOn: null, timeoutMs: 10_000 },
    };
  }

  #reader(phone: Phone) {
    return {
      ...{ reader: { driver: 'loopback' } as const, card: null, interface: null },
      channel: { code: 'can' as const, codeFile: null, terminalKeys: this.#counter().keys, sessionKeys: null },
      ...{ pin: { file: null, ask: false }, record: { file: null, keepSecrets: false } },
      open: () => onReader(phone),
    };
  }

  /** The number that the phone shows is what the counter types. */
  #world(phone: Phone): CommandIo {
    return { ...this.#io, env: { ...this.#io.env, VITAP_CAN: phone.view().can ?? '' } };
  }

  #say(text: string): void {
    this.#io.signal.throwIfAborted();
    step(this.#io, text);
  }

  async #ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const secret = new URL(this.#operator).hash.slice(1);
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const answer = await fetch(`${this.#origin}${path}`, { ...init, headers, signal: this.#io.signal });
    return (await answer.json()) as T;
  }

  #post<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>(path, { method: 'POST', body: JSON.stringify(body) });
  }
}

/** The sentence that something is refused with. */
async function refusal(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'NOT REFUSED';
  } catch (error) {
    const { name, message } = error as CounterFailure;
    if (name !== 'CounterFailure' && name !== 'PhoneRefusal') throw error;
    return message;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}
