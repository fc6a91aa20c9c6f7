import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import { KeyStore } from '../../src/applet/keys/key-store.ts';
import { openMemory } from '../../src/applet/nvm/open-memory.ts';
import { HalError } from '../../src/hal/errors.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { VirtualClock } from '../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { ChannelError, issueCertificate, parseCertificate } from '../../src/secure-channel/index.ts';
import {
  type AtWork,
  certify,
  extendedAccessSpecification,
  FIRST_DATE,
  type Party,
  READ_BY_CAN,
  READ_GUARDED,
  ROOT,
  TERMINAL,
  VERIFIER,
  work,
} from './extended-access-card.ts';
import { bootPace, crypto, PIN_CODE, PUK } from './pace-card.ts';

const boot = () => bootPace({ specification: extendedAccessSpecification() });

/** Trust points by name and date, as the memory has them. */
function trustOf(nvm: MemoryNvm): { date: number; names: string[] } {
  const memory = openMemory(new MemoryNvm(Uint8Array.from(nvm.bytes)));
  const image = openImage(memory);
  const trust = new KeyStore(memory, image.keys, image.trust).trust()!;
  return {
    date: trust.date,
    names: trust.trustPoints.map(({ holderReference }) => Buffer.from(holderReference).toString('latin1')),
  };
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ChannelError) return `${error.fault} ${(error.status ?? 0).toString(16).toUpperCase()}`;
    throw error;
  }
  return 'not refused';
}

/** Everything but the last step: the terminal is authenticated and the chip too. */
function complete(work: AtWork): AtWork {
  work.authenticate();
  work.agree();
  return work;
}

const object = (tag: string, value: string): string =>
  `${tag}${(value.length / 2).toString(16).padStart(2, '0')}${value}`;
const latin = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const setDst = (name: string): string => `0022 81B6 ${object('', object('83', latin(name)))}`;
const apdu = (header: string, data: string): string => {
  const length = data.length / 2;
  return `${header} ${length < 256 ? length.toString(16).padStart(2, '0') : `00${length.toString(16).padStart(4, '0')}`} ${data}`;
};
const verifyCertificate = ({ certificate }: { readonly certificate: Uint8Array }): string => {
  const whole = toHex(certificate);
  // The value of 7F21, whose length here has three bytes.
  return apdu('002A 00BE', whole.slice(whole.indexOf('7F4E')));
};

describe('a terminal with the right certificates', () => {
  it('reads what they grant after PACE, terminal and chip authentication, and not before', () => {
    const { send } = boot();
    expect(send(READ_GUARDED)).toBe('6982');
    const terminal = work(send);
    expect(terminal.within(READ_GUARDED)).toBe('6982');
    terminal.authenticate();
    expect(terminal.within(READ_GUARDED)).toBe('6982');
    terminal.agree();
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
    expect(terminal.within(READ_BY_CAN)).toBe('D1D1D19000');
  });

  it('is told which roots the card knows', () => {
    expect(work(boot().send).authorities).toEqual([ROOT.name]);
    expect(work(boot().send, { announced: null }).authorities).toEqual([]);
  });

  it('loses them with a command in clear, a reset, a new PACE', () => {
    const { send, port } = boot();
    for (const lose of [() => send(READ_GUARDED), () => port.reset(), () => port.deselect()]) {
      const terminal = complete(work(send));
      expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
      lose();
      expect(send(READ_GUARDED)).toBe('6982');
    }
    complete(work(send));
    expect(work(send).within(READ_GUARDED)).toBe('6982');
  });

  it('has no rights for another logical channel, nor on another interface', () => {
    const specification = extendedAccessSpecification();
    const nvm = new MemoryNvm(personalise(specification, crypto));
    const card = new Card({ nvm, clock: new VirtualClock(), crypto, random: new SeededRandom('two') });
    const [one, two] = [card.port('contactless'), card.port('contact')].map((port) => {
      port.powerOn();
      return (command: string): string => {
        const bytes = fromHex(command);
        return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
      };
    });
    expect(one!('0070 0001')).toBe('9000');
    const terminal = complete(work(one!));
    expect(one!('01B0 9100 00')).toBe('6982');
    expect(two!(READ_GUARDED)).toBe('6982');
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
  });
});

describe('what a terminal may not', () => {
  it.each([
    [
      'rights that its certificate has not',
      [VERIFIER, certify(VERIFIER, 'DETESTAT00002', 'terminal', { rights: ['read DG2'] })],
      undefined,
    ],
    [
      'rights that its verifier has not',
      (() => {
        const verifier = certify(ROOT, 'DETESTDV00002', 'DV-other', { rights: ['read DG2'] });
        return [verifier, certify(verifier, 'DETESTAT00003', 'terminal')];
      })(),
      undefined,
    ],
    ['rights that it did not announce', [VERIFIER, TERMINAL], ['read DG2']],
  ] as const)('%s', (_, chain, announced) => {
    const terminal = work(boot().send, announced === undefined ? {} : { announced });
    terminal.authenticate(chain as readonly Party[]);
    terminal.agree();
    expect(terminal.within(READ_GUARDED)).toBe('6982');
  });

  it('authenticate itself when PACE was done without a CHAT', () => {
    expect(refusal(() => work(boot().send, { announced: null }).authenticate())).toBe('refused 6985');
  });

  it.each([['PIN', PIN_CODE, 'D1D1D19000', '6982']] as const)(
    'read behind "by CAN" in a channel of the %s',
    (name, text, any, byCan) => {
      const terminal = complete(work(boot().send, { password: [name, text] }));
      expect(terminal.within(READ_GUARDED)).toBe(any);
      expect(terminal.within(READ_BY_CAN)).toBe(byCan);
    },
  );

  it('do anything with a PUK', () => {
    expect(refusal(() => work(boot().send, { password: ['PUK', PUK] }).authenticate())).toBe('refused 6982');
  });
});

describe('certificates that are refused', () => {
  const self = certify(null, 'DETESTSELF00001', 'CVCA');
  const flipped = Uint8Array.from(VERIFIER.certificate);
  flipped[flipped.length - 1]! ^= 0x01;
  const oversized = (() => {
    const { key, name, authorization } = VERIFIER;
    const certificate = issueCertificate(
      crypto,
      {
        authorityReference: fromHex(latin(ROOT.name)),
        holderReference: fromHex(latin(name)),
        hash: 'sha-256',
        curve: 'brainpoolP256r1',
        point: crypto.publicKey('brainpoolP256r1', key.privateKey),
        withDomainParameters: false,
        authorization,
        effectiveDate: 250101,
        expirationDate: 301231,
        extensions: new Uint8Array(3900),
      },
      ROOT.key,
    );
    return { ...VERIFIER, certificate };
  })();

  it.each<readonly [name: string, chain: readonly Party[], status: string]>([
    ['a chain from a root of its own', [certify(self, 'DETESTDV00009', 'DV-other'), TERMINAL], '6A88'],
    [
      'one that names our root and is signed by another',
      [certify({ ...self, name: ROOT.name }, 'DETESTDV00009', 'DV-other')],
      '6300',
    ],
    ['a signature with a wrong bit', [{ ...VERIFIER, certificate: flipped }], '6300'],
    ['a chain that is broken', [TERMINAL], '6A88'],
    ['a terminal right below the root', [certify(ROOT, 'DETESTAT00009', 'terminal')], '6A80'],
    ['a verifier below a verifier', [VERIFIER, certify(VERIFIER, 'DETESTDV00009', 'DV-other')], '6A80'],
    ['a terminal below a terminal', [VERIFIER, TERMINAL, certify(TERMINAL, 'DETESTAT00009', 'terminal')], '6A80'],
    ['one that has expired', [certify(ROOT, 'DETESTDV00009', 'DV-other', { to: 251231 })], '6A80'],
    [
      'one that expires before it is effective',
      [certify(ROOT, 'DETESTDV00009', 'DV-other', { from: 280101, to: 270101 })],
      '6A80',
    ],
    ['a verifier that asks to be a terminal', [VERIFIER], '6A88'],
    ['one that is larger than any', [oversized], '6A80'],
  ])('%s: %s', (_, chain, status) => {
    const { send, nvm, tries } = boot();
    const before = trustOf(nvm);
    const terminal = work(send);
    expect(refusal(() => terminal.authenticate(chain))).toBe(`refused ${status}`);
    expect(refusal(() => terminal.agree())).toBe('refused 6985');
    expect(terminal.within(READ_GUARDED)).toBe('6982');
    expect([tries('PIN'), tries('PUK')]).toEqual([3, 10]);
    if (status !== '6A88') expect(trustOf(nvm)).toEqual(before);
    // The channel stays, and a terminal that has better ones may go on.
    terminal.authenticate();
    terminal.agree();
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
  });

  it('one that does not fit into a chain of commands is no command: 6700, and the channel stays', () => {
    const terminal = work(boot().send);
    const part = apdu('102A 00BE', 'AA'.repeat(1400));
    expect([part, part, part].map((each) => terminal.within(each))).toEqual(['9000', '9000', '6700']);
    expect(terminal.within(setDst(ROOT.name))).toBe('9000');
  });
});

describe('the order of the commands', () => {
  const challenge = '0084 0000 08';
  const setAt = apdu(
    '0022 81A4',
    `800A04007F00070202020203${object('83', latin(TERMINAL.name))}9120${'11'.repeat(32)}`,
  );
  const signature = apdu('0082 0000', '22'.repeat(64));
  const chip = '0022 41A4 0C 800A04007F00070202030202';
  const key = apdu('0086 0000', `7C438041${toHex(crypto.publicKey('brainpoolP256r1', new Uint8Array(32).fill(1)))}`);

  it.each([[setDst(ROOT.name)], [verifyCertificate(VERIFIER)], [setAt], [signature], [chip]])(
    'in clear nothing of it goes: %s',
    (command) => {
      const { send } = boot();
      expect(send(command)).toBe('6982');
      work(send);
      expect(send(command)).toBe('6982');
    },
  );

  it.each<readonly [string, readonly string[], string]>([
    ['a certificate without a key', [verifyCertificate(VERIFIER)], '6985'],
    ['a key that is not there', [setDst('DENOBODY00001')], '6A88'],
    ['a key without a name', ['0022 81B6 02 8300'], '6A88'],
    ['no name at all', ['0022 81B6 03 84010D'], '6A80'],
    ['objects that are none', ['0022 81B6 03 83FF41'], '6A80'],
    ['a terminal before its certificate', [setAt], '6A88'],
    ['a signature before everything', [signature], '6985'],
    [
      'a signature without a challenge',
      [
        setDst(ROOT.name),
        verifyCertificate(VERIFIER),
        setDst(VERIFIER.name),
        verifyCertificate(TERMINAL),
        setAt,
        signature,
      ],
      '6985',
    ],
    [
      'a wrong signature',
      [
        setDst(ROOT.name),
        verifyCertificate(VERIFIER),
        setDst(VERIFIER.name),
        verifyCertificate(TERMINAL),
        setAt,
        challenge,
        signature,
      ],
      '6300',
    ],
    [
      'a challenge used twice',
      [
        setDst(ROOT.name),
        verifyCertificate(VERIFIER),
        setDst(VERIFIER.name),
        verifyCertificate(TERMINAL),
        setAt,
        challenge,
        signature,
        setAt,
        signature,
      ],
      '6985',
    ],
    ['chip authentication before terminal authentication', [chip], '6985'],
    ['a key for chip authentication that nobody asked for', [key], '6985'],
    ['a signature of no bytes', ['0082 0000'], '6700'],
  ])('%s', (_, commands, status) => {
    const terminal = work(boot().send);
    const answers = commands.map((command) => terminal.within(command));
    expect(answers.at(-1)).toBe(status);
    expect(terminal.within(READ_GUARDED)).toBe('6982');
  });

  it.each([
    ['another signature', signature, '6982'],
    ['another terminal', setAt, '6982'],
    ['a key that is not there', setDst('DENOBODY00001'), '6A88'],
    ['a certificate without a key', verifyCertificate(VERIFIER), '6985'],
    ['chip authentication with another cipher', '0022 41A4 0C 800A04007F00070202030204', '6A80'],
    ['chip authentication with another key', '0022 41A4 0F 800A04007F00070202030202 840142', '6A88'],
  ])('after all of it, %s takes the rights away', (_, command, status) => {
    const terminal = complete(work(boot().send));
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
    expect(terminal.within(command)).toBe(status);
    expect(terminal.within(READ_GUARDED)).toBe('6982');
    terminal.authenticate();
    terminal.agree();
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
  });

  it.each([
    ['another key than the terminal signed for', key, '6300'],
    ['a point off the curve', apdu('0086 0000', `7C43804104${'11'.repeat(64)}`), '6A80'],
    ['no key', '0086 0000 02 7C00 00', '6A80'],
  ])('chip authentication with %s fails, and takes the rights away', (_, command, status) => {
    const terminal = work(boot().send);
    terminal.authenticate();
    expect(terminal.within(chip)).toBe('9000');
    expect(terminal.within(command)).toBe(status);
    expect(terminal.within(READ_GUARDED)).toBe('6982');
    expect(refusal(() => terminal.agree())).toBe('refused 6985');
  });

  it('PACE in between ends chip authentication, and the other way round', () => {
    const terminal = work(boot().send);
    terminal.authenticate();
    expect(terminal.within(chip)).toBe('9000');
    expect(terminal.within('0022C1A4 0F 800A04007F00070202040202 830102')).toBe('9000');
    expect(terminal.within(key)).not.toBe('6300');
    terminal.within('0022C1A4 0F 800A04007F00070202040202 830102');
    expect(terminal.within(chip)).toBe('9000');
    expect(terminal.within('1086 0000 02 7C00 00')).not.toMatch(/9000$/);
  });
});

describe('a copied card', () => {
  it('is found out by chip authentication', () => {
    const specification = extendedAccessSpecification();
    const other = crypto.privateKey('brainpoolP256r1', new Uint8Array(40).fill(0x42));
    const keys = specification.masterFile.keys!.map((key) => ({ ...key, value: other }));
    const { send } = bootPace({
      specification: { ...specification, masterFile: { ...specification.masterFile, keys } },
    });
    const terminal = work(send);
    terminal.authenticate();
    expect(refusal(() => terminal.agree())).toBe('incorrect 0');
  });
});

describe("trust points and the card's date", () => {
  const next = certify(null, 'DETESTROOT00002', 'CVCA', { from: 260301, to: 351231 });
  const link = certify({ ...ROOT }, next.name, 'CVCA', { from: 260301, to: 351231 });
  const nextVerifier = certify(next, 'DETESTDV00021', 'DV-official-domestic', { from: 260310 });

  it('a link certificate makes its root a trust point, for ever', () => {
    const { send, nvm, port } = boot();
    work(send).authenticate([link, nextVerifier, certify(nextVerifier, 'DETESTAT00021', 'terminal')]);
    expect(trustOf(nvm)).toEqual({ date: 260310, names: [next.name, ROOT.name] });
    port.reset();
    const terminal = work(send);
    expect(terminal.authorities).toEqual([next.name, ROOT.name]);
    terminal.authenticate([nextVerifier, certify(nextVerifier, 'DETESTAT00022', 'terminal')]);
    terminal.agree();
    expect(terminal.within(READ_GUARDED)).toBe('D1D1D19000');
  });

  it('a third root takes the place of the oldest', () => {
    const { send, nvm } = boot();
    const third = certify(next, 'DETESTROOT00003', 'CVCA', { from: 270101, to: 391231 });
    const terminal = work(send);
    const steps = [setDst(ROOT.name), verifyCertificate(link), setDst(next.name), verifyCertificate(third)];
    expect(steps.map((command) => terminal.within(command))).toEqual(['9000', '9000', '9000', '9000']);
    expect(trustOf(nvm)).toEqual({ date: 270101, names: ['DETESTROOT00003', next.name] });
    expect(terminal.within(setDst(ROOT.name))).toBe('6A88');
  });

  it.each<readonly [string, readonly Party[], number]>([
    ['a verifier moves it', [certify(ROOT, 'DETESTDV00031', 'DV-other', { from: 260601 })], 260601],
    [
      'a terminal of an official domestic verifier moves it',
      [VERIFIER, certify(VERIFIER, 'DETESTAT00031', 'terminal', { from: 260701 })],
      260701,
    ],
    [
      'a terminal of another verifier does not',
      (() => {
        const verifier = certify(ROOT, 'DETESTDV00032', 'DV-other', { from: 250201 });
        return [verifier, certify(verifier, 'DETESTAT00032', 'terminal', { from: 260801 })];
      })(),
      FIRST_DATE,
    ],
    [
      'an older certificate never moves it back',
      [certify(ROOT, 'DETESTDV00033', 'DV-other', { from: 240101 })],
      FIRST_DATE,
    ],
  ])('%s', (_, chain, date) => {
    const { send, nvm } = boot();
    const terminal = work(send);
    let issuer = ROOT.name;
    for (const party of chain) {
      expect(terminal.within(setDst(issuer))).toBe('9000');
      expect(terminal.within(verifyCertificate(party))).toBe('9000');
      issuer = party.name;
    }
    expect(trustOf(nvm)).toEqual({ date, names: [ROOT.name] });
  });

  it('a memory that cannot be written: 6581, the old trust points, no channel', () => {
    const memory = new MemoryNvm(personalise(extendedAccessSpecification(), crypto));
    let broken = false;
    const failing = new Proxy(memory, {
      get(target, name) {
        if (name === 'flush' && broken)
          return () => {
            throw new HalError('storage', 'no more');
          };
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { send } = bootPace({ memory: failing });
    const terminal = work(send);
    expect(terminal.within(setDst(ROOT.name))).toBe('9000');
    broken = true;
    expect(() => terminal.within(verifyCertificate(link))).toThrow();
    broken = false;
    expect(send('0CB0 9100 00')).toBe('6882');
    const later = work(send);
    expect(later.authorities).toEqual([ROOT.name]);
  });

  it('what one interface has learnt, the other knows: an old machine never writes an old date', () => {
    const nvm = new MemoryNvm(personalise(extendedAccessSpecification(), crypto));
    const card = new Card({ nvm, clock: new VirtualClock(), crypto, random: new SeededRandom('two') });
    const [one, two] = (['contactless', 'contact'] as const).map((cardInterface) => {
      const port = card.port(cardInterface);
      port.powerOn();
      return work((command) => {
        const bytes = fromHex(command);
        return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
      });
    });
    expect(one!.within(setDst(ROOT.name))).toBe('9000');
    two!.authenticate([
      certify(ROOT, 'DETESTDV00041', 'DV-official-domestic', { from: 270101 }),
      certify(certify(ROOT, 'DETESTDV00041', 'DV-official-domestic', { from: 270101 }), 'DETESTAT00041', 'terminal'),
    ]);
    // Its key was selected under the old date.
    expect(one!.within(verifyCertificate(certify(ROOT, 'DETESTDV00042', 'DV-other', { from: 260201 })))).toBe('6985');
    expect(trustOf(nvm).date).toBe(270101);
    expect(parseCertificate(VERIFIER.certificate).expirationDate).toBe(301231);
  });
});
