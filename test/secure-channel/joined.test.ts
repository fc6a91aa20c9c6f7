import { describe, expect, it } from 'vitest';
import { copyBytes, fromHex, toHex } from '../../src/apdu/index.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { authorizationOf, encodeAuthorization } from '../../src/secure-channel/authorization.ts';
import { issueCertificate, parseCertificate } from '../../src/secure-channel/card-verifiable-certificate.ts';
import { ChipAuthenticationTerminal } from '../../src/secure-channel/chip-authentication-terminal.ts';
import { provesStaticKey } from '../../src/secure-channel/generic-mapping.ts';
import type { CipherName } from '../../src/secure-channel/key-derivation.ts';
import { randomKeyPair } from '../../src/secure-channel/key-pair.ts';
import type { Mapping } from '../../src/secure-channel/object-identifier.ts';
import type { PaceOffer } from '../../src/secure-channel/pace-chip.ts';
import { PaceTerminal, type PaceTerminalOptions } from '../../src/secure-channel/pace-terminal.ts';
import { encodePassword, PASSWORD } from '../../src/secure-channel/password.ts';
import { TerminalAuthenticationTerminal } from '../../src/secure-channel/terminal-authentication-terminal.ts';
import { type ImportedKey, rootTrustPoint } from '../../src/secure-channel/trust-point.ts';
import { crypto } from './bench-session.ts';
import { CURVES, type Exchange, JoinedChip, type JoinedChipOptions, run, within } from './joined.ts';

const CAN = encodePassword('500540');
const PIN = encodePassword('123456');
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const READ = fromHex('00B0000001');

function chipWith(seed: string, offers: readonly PaceOffer[], more: Partial<JoinedChipOptions> = {}): JoinedChip {
  const passwords = new Map([
    [PASSWORD.CAN, CAN],
    [PASSWORD.PIN, PIN],
  ]);
  return new JoinedChip({ crypto, random: new SeededRandom(`chip ${seed}`), offers, passwords, ...more });
}

function terminalWith(seed: string, offer: PaceOffer, more: Partial<PaceTerminalOptions> = {}): PaceTerminal {
  const random = new SeededRandom(`terminal ${seed}`);
  const { mapping, cipher, parameterId } = offer;
  return new PaceTerminal({
    crypto,
    random,
    mapping,
    cipher,
    parameterId,
    reference: PASSWORD.CAN,
    password: CAN,
    ...more,
  });
}

describe.each(CURVES)('%s', (curve, parameterId) => {
  for (const mapping of ['GM', 'CAM'] as Mapping[]) {
    it.each(['AES-128', 'AES-192', 'AES-256'] as CipherName[])(`${mapping} with %s opens a channel`, (cipher) => {
      const seed = `${curve} ${mapping} ${cipher}`;
      const pair = randomKeyPair(crypto, new SeededRandom(seed), curve);
      const offer: PaceOffer = {
        mapping,
        cipher,
        parameterId,
        ...(mapping === 'CAM' && { staticKey: pair.privateKey }),
      };
      const chip = chipWith(seed, [offer]);
      chip.pace.prepare();
      const terminal = terminalWith(seed, offer);
      run(terminal, (command) => chip.exchange(command));
      const session = terminal.takeSession();
      const protectedExchange = within(session, (command) => chip.exchange(command));
      for (let i = 0; i < 3; i++) expect(toHex(protectedExchange(READ))).toBe('019000');
      expect(toHex(terminal.chipEphemeralKey)).toBe(toHex(chip.pace.chipEphemeralKey));
      const { chipAuthenticationData: data, chipMappingKey } = terminal;
      if (mapping === 'GM') expect(data).toHaveLength(0);
      else expect(provesStaticKey(crypto, curve, data, pair.publicKey, chipMappingKey)).toBe(true);
    });
  }
});

const GM: PaceOffer = { mapping: 'GM', cipher: 'AES-128', parameterId: 13 };

describe('a chip with several offers', () => {
  const offers: PaceOffer[] = [
    GM,
    { mapping: 'GM', cipher: 'AES-256', parameterId: 17 },
    { mapping: 'GM', cipher: 'AES-256', parameterId: 12 },
  ];

  it.each(offers)('$cipher on $parameterId', (offer) => {
    const chip = chipWith('several', offers);
    chip.pace.prepare();
    const terminal = terminalWith('several', offer);
    run(terminal, (command) => chip.exchange(command));
    expect(terminal.takeSession().open).toBe(true);
  });

  it('without DO 84 takes the first of that protocol', () => {
    const chip = chipWith('first', offers);
    const terminal = terminalWith('first', offers[1]!, { sendParameterId: false });
    run(terminal, (command) => chip.exchange(command));
    expect(terminal.takeSession().cipher).toBe('AES-256');
  });

  it('never uses a prepared nonce or key twice', () => {
    const chip = chipWith('twice', offers);
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 0) chip.pace.prepare();
      const terminal = terminalWith(`twice ${i}`, GM);
      run(terminal, (command) => {
        const response = chip.exchange(command);
        const value = toHex(response.subarray(4));
        if (response.length > 20) expect(seen.has(value)).toBe(false);
        seen.add(value);
        return response;
      });
    }
    expect(seen.size).toBeGreaterThan(18);
  });
});

describe('a terminal that prepares its keys before the tap', () => {
  /** Every command of one run, and how often the terminal asked for a public key over the curve's own generator. */
  const runOf = (prepares: boolean): { commands: string[]; inTap: number } => {
    let asked = 0;
    const counting = {
      ...crypto,
      publicKey: (...operands: Parameters<typeof crypto.publicKey>) => {
        asked++;
        return crypto.publicKey(...operands);
      },
    };
    const chip = chipWith('prepared', [GM]);
    const terminal = terminalWith('prepared', GM, { crypto: counting });
    if (prepares) terminal.prepare();
    const before = asked;
    const commands: string[] = [];
    run(terminal, (command) => {
      commands.push(toHex(command));
      return chip.exchange(command);
    });
    expect(terminal.takeSession().open).toBe(true);
    return { commands, inTap: asked - before };
  };

  it('sends the same, and computes its mapping key no second time', () => {
    const [before, within] = [runOf(true), runOf(false)];
    expect(before.commands).toEqual(within.commands);
    // s·G needs the chip's nonce, whatever was prepared.
    expect([before.inTap, within.inTap]).toEqual([1, 2]);
  });

  it('has nothing left of them after the run', () => {
    const terminal = terminalWith('prepared', GM);
    terminal.prepare();
    terminal.close();
    expect(() => terminal.next(fromHex('9000'))).toThrow();
  });
});

describe('PACE inside a channel', () => {
  it('the PIN after the CAN, and the old channel is over', () => {
    const chip = chipWith('nested', [GM]);
    const can = terminalWith('nested can', GM);
    run(can, (command) => chip.exchange(command));
    const outer = within(can.takeSession(), (command) => chip.exchange(command));
    const pin = terminalWith('nested pin', GM, { reference: PASSWORD.PIN, password: PIN, resume: true });
    run(pin, outer);
    const inner = within(pin.takeSession(), (command) => chip.exchange(command));
    expect(toHex(inner(READ))).toBe('019000');
    expect(() => outer(READ)).toThrow(expect.objectContaining({ fault: 'refused', status: 0x6988 }));
  });
});

describe('a terminal goes on with a password that', () => {
  const answered = (status: string, resume: boolean): PaceTerminal => {
    const terminal = terminalWith('state', GM, { reference: PASSWORD.PIN, password: PIN, resume });
    terminal.start();
    terminal.next(fromHex(status));
    return terminal;
  };
  it.each([
    ['9000', false],
    ['63C2', false],
    ['63C1', true],
    ['9000', true],
  ] as const)('gave %s, resuming %s', (status, resume) => {
    expect(answered(status, resume).passwordStatus).toBe(Number.parseInt(status, 16));
  });
  it.each([
    ['63C1', false],
    ['63C0', true],
    ['6283', true],
    ['6A80', false],
    ['6A88', false],
    ['6982', false],
  ] as const)('did not give %s, resuming %s', (status, resume) => {
    expect(() => answered(status, resume)).toThrow(
      expect.objectContaining({ fault: 'refused', status: Number.parseInt(status, 16) }),
    );
  });
});

it('63C1 suspends a PIN alone: of a PUK it is a try like any other', () => {
  const terminal = terminalWith('state', GM, { reference: PASSWORD.PUK });
  terminal.start();
  terminal.next(fromHex('63C1'));
  expect(terminal.passwordStatus).toBe(0x63c1);
});

describe('a terminal refuses a chip that', () => {
  /** PACE with one answer of the chip changed, by its number. */
  const changed = (at: number, change: (response: Uint8Array, command: Uint8Array) => Uint8Array): (() => void) => {
    const chip = chipWith('changed', [GM]);
    const terminal = terminalWith('changed', GM);
    let step = 0;
    return () => {
      try {
        run(terminal, (command) => {
          const response = chip.exchange(command);
          return step++ === at ? change(response, command) : response;
        });
      } finally {
        expect(() => terminal.takeSession()).toThrow();
        expect(() => terminal.next(fromHex('9000'))).toThrow();
      }
    };
  };
  const hex =
    (text: string): (() => Uint8Array) =>
    () =>
      fromHex(text);
  /** The command's point as the answer. */
  const echo =
    (tag: number) =>
    (_: Uint8Array, command: Uint8Array): Uint8Array => {
      const response = Uint8Array.of(...command.subarray(5, command.length - 1), 0x90, 0x00);
      response[2] = tag;
      return response;
    };

  it.each([
    ['sends our mapping key back', 2, echo(0x82), 'incorrect'],
    ['sends our ephemeral key back', 3, echo(0x84), 'incorrect'],
    ['sends a mapping key off the curve', 2, (r: Uint8Array) => flip(r, 8 * 20), 'incorrect'],
    ['sends an ephemeral key off the curve', 3, (r: Uint8Array) => flip(r, 8 * 20), 'incorrect'],
    ['sends infinity', 2, hex('7C0382 01 009000'), 'incorrect'],
    ['sends a nonce of 15 bytes', 1, hex(`7C11800F${'11'.repeat(15)}9000`), 'malformed'],
    ['sends a nonce of 80 bytes', 1, hex(`7C528050${'11'.repeat(80)}9000`), 'malformed'],
    ['sends no nonce', 1, hex('7C009000'), 'malformed'],
    ['sends a token that is wrong', 4, (r: Uint8Array) => flip(r, 8 * 8), 'incorrect'],
    ['sends no token', 4, hex('7C009000'), 'malformed'],
    ['sends a token of 7 bytes', 4, hex('7C0986 07 112233445566779000'), 'incorrect'],
    [
      'sends a name of 17 bytes',
      4,
      (r: Uint8Array) => fromHex(`7C1D${toHex(r.subarray(2, 12))}8711${'41'.repeat(17)}9000`),
      'malformed',
    ],
    ['says 6300', 4, hex('6300'), 'refused'],
    ['says nothing at all', 3, hex(''), 'malformed'],
    ['says 9000 without data', 1, hex('9000'), 'malformed'],
    ['claims 4 GB', 1, hex('7C84FFFFFFFF80109000'), 'malformed'],
  ] as [string, number, (response: Uint8Array, command: Uint8Array) => Uint8Array, string][])(
    '%s',
    (_, at, change, fault) => {
      expect(changed(at, change)).toThrow(expect.objectContaining({ name: 'ChannelError', fault }));
    },
  );

  it('has another password', () => {
    const chip = chipWith('password', [GM]);
    const terminal = terminalWith('password', GM, { password: PIN });
    expect(() => run(terminal, (command) => chip.exchange(command))).toThrow(
      expect.objectContaining({ fault: 'refused', status: 0x6300 }),
    );
    expect(chip.session).toBeNull();
  });

  it('uses domain parameters that are not built here', () => {
    expect(() => terminalWith('none', { ...GM, parameterId: 14 })).toThrow(
      expect.objectContaining({ fault: 'unsupported' }),
    );
  });
});

it('a bit that flips anywhere in PACE leaves no channel on either side', () => {
  const attempt = (step: number, bit: number, fromChip: boolean): { ends: boolean; bits: number } => {
    const chip = chipWith('flip', [GM]);
    const terminal = terminalWith('flip', GM);
    let at = 0;
    let bits = 0;
    const exchange: Exchange = (command) => {
      const here = at++ === step;
      const sent = here && !fromChip ? flip(command, bit) : command;
      const response = chip.exchange(sent);
      if (here) bits = 8 * (fromChip ? response.length : command.length);
      return here && fromChip ? flip(response, bit) : response;
    };
    try {
      run(terminal, exchange);
    } catch (error) {
      expect((error as Error).name).toBe('ChannelError');
      return { ends: chip.session === null || !usable(chip), bits };
    }
    const session = terminal.takeSession();
    try {
      const answer = within(session, (command) => chip.exchange(command))(READ);
      return { ends: toHex(answer) !== '019000', bits };
    } catch {
      return { ends: true, bits };
    }
  };
  /** A chip that opened its side has proved nothing: without the terminal nobody can use it. */
  const usable = (chip: JoinedChip): boolean => toHex(chip.exchange(READ)) === '019000';
  let tried = 0;
  for (const fromChip of [false, true]) {
    for (let step = 0; step < 5; step++) {
      for (let bit = 0, bits = 1; bit < bits; bit += 7) {
        const result = attempt(step, bit, fromChip);
        bits = Math.max(result.bits, 1);
        if (harmless(step, bit, fromChip, bits)) continue;
        expect(result.ends, `step ${step}, bit ${bit}, ${fromChip ? 'answer' : 'command'}`).toBe(true);
        tried++;
      }
    }
  }
  expect(tried).toBeGreaterThan(300);
}, 120_000);

/** What no cryptography covers: P1-P2 of GENERAL AUTHENTICATE, the other bits of CLA, and Le. The dispatcher judges them. */
function harmless(step: number, bit: number, fromChip: boolean, bits: number): boolean {
  if (fromChip) return false;
  if (bit < 8 || bit >= bits - 8) return true;
  return step > 0 && bit >= 16 && bit < 32;
}

describe('terminal and chip authentication over the channel', () => {
  const random = new SeededRandom('pki');
  const root = randomKeyPair(crypto, random, 'brainpoolP256r1');
  const dv = randomKeyPair(crypto, random, 'brainpoolP256r1');
  const at = randomKeyPair(crypto, random, 'brainpoolP256r1');
  const make = (
    holder: string,
    authority: string,
    key: Uint8Array,
    signer: Uint8Array,
    role: 'CVCA' | 'DV-official-domestic' | 'terminal',
  ) =>
    issueCertificate(
      crypto,
      {
        authorityReference: ascii(authority),
        holderReference: ascii(holder),
        hash: 'sha-256',
        curve: 'brainpoolP256r1',
        point: key,
        withDomainParameters: role === 'CVCA',
        authorization: authorizationOf('AT', role, ['read DG1', 'read DG4']),
        effectiveDate: 260101,
        expirationDate: 280101,
      },
      { hash: 'sha-256', curve: 'brainpoolP256r1', privateKey: signer },
    );
  const trustPoint = rootTrustPoint(
    crypto,
    parseCertificate(make('UTROOT00001', 'UTROOT00001', root.publicKey, root.privateKey, 'CVCA')),
  ) as ImportedKey;
  const certificates = [
    make('UTDV00001', 'UTROOT00001', dv.publicKey, root.privateKey, 'DV-official-domestic'),
    make('UTAT00001', 'UTDV00001', at.publicKey, dv.privateKey, 'terminal'),
  ];
  const chat = encodeAuthorization(authorizationOf('AT', 'terminal', ['read DG1', 'read DG2']));

  it.each(CURVES)('with a static key on %s', (curve, parameterId) => {
    const staticKey = randomKeyPair(crypto, new SeededRandom(curve), curve);
    const chip = chipWith(`eac ${curve}`, [{ ...GM, parameterId }], {
      trust: { trustPoints: [trustPoint], date: 260101 },
      keys: [{ keyId: 7, curve, privateKey: staticKey.privateKey, ciphers: ['AES-256'] }],
    });
    const exchange: Exchange = (command) => chip.exchange(command);
    const pace = terminalWith(`eac ${curve}`, { ...GM, parameterId }, { chat });
    run(pace, exchange);
    expect(pace.certificationAuthorities.map((name) => toHex(name))).toEqual([toHex(ascii('UTROOT00001'))]);
    const first = within(pace.takeSession(), exchange);
    const ephemeral = randomKeyPair(crypto, random, curve);
    const terminalAuthentication = new TerminalAuthenticationTerminal({
      crypto,
      certificates,
      key: { hash: 'sha-256', curve: 'brainpoolP256r1', privateKey: at.privateKey },
      chipEphemeralKey: pace.chipEphemeralKey,
      ephemeralPublicKey: ephemeral.publicKey,
    });
    run(terminalAuthentication, first);
    // Only what both the certificates and PACE asked for: read DG1.
    expect(toHex(chip.terminal!.terminal!.authorization.bits)).toBe('0000000100');
    expect(toHex(first(READ))).toBe('019000');
    const chipAuthentication = new ChipAuthenticationTerminal({
      crypto,
      cipher: 'AES-256',
      curve,
      keyId: 7,
      chipPublicKey: staticKey.publicKey,
      ephemeral,
    });
    run(chipAuthentication, first);
    expect(ephemeral.privateKey.every((byte) => byte === 0)).toBe(true);
    const second = within(chipAuthentication.takeSession(), exchange);
    expect(toHex(second(READ))).toBe('029000');
    expect(chip.authenticated).toBe(true);
    expect(() => first(READ)).toThrow();
  });

  it('a copy of the card without its private key is found out', () => {
    const real = randomKeyPair(crypto, new SeededRandom('real'), 'brainpoolP256r1');
    const copy = randomKeyPair(crypto, new SeededRandom('copy'), 'brainpoolP256r1');
    const chip = chipWith('copy', [GM], {
      trust: { trustPoints: [trustPoint], date: 260101 },
      keys: [{ keyId: 1, curve: 'brainpoolP256r1', privateKey: copy.privateKey, ciphers: ['AES-128'] }],
    });
    const exchange: Exchange = (command) => chip.exchange(command);
    const pace = terminalWith('copy', GM, { chat });
    run(pace, exchange);
    const first = within(pace.takeSession(), exchange);
    const ephemeral = randomKeyPair(crypto, random, 'brainpoolP256r1');
    const key = { hash: 'sha-256', curve: 'brainpoolP256r1', privateKey: at.privateKey } as const;
    const chipEphemeralKey = pace.chipEphemeralKey;
    run(
      new TerminalAuthenticationTerminal({
        crypto,
        certificates,
        key,
        chipEphemeralKey,
        ephemeralPublicKey: ephemeral.publicKey,
      }),
      first,
    );
    const machine = new ChipAuthenticationTerminal({
      crypto,
      cipher: 'AES-128',
      curve: 'brainpoolP256r1',
      chipPublicKey: real.publicKey,
      ephemeral,
    });
    expect(() => run(machine, first)).toThrow(expect.objectContaining({ fault: 'incorrect' }));
  });
});

describe('a message inside the channel', () => {
  const opened = (): { chip: JoinedChip; terminal: Exchange } => {
    const chip = chipWith('messages', [GM]);
    const pace = terminalWith('messages', GM);
    run(pace, (command) => chip.exchange(command));
    return { chip, terminal: within(pace.takeSession(), (command) => chip.exchange(command)) };
  };

  it('a plain command ends it', () => {
    const { chip, terminal } = opened();
    expect(toHex(chip.exchange(READ))).toBe('6982');
    expect(() => terminal(READ)).toThrow(expect.objectContaining({ fault: 'plain', status: 0x6882 }));
    expect(chip.session).toBeNull();
  });

  it.each([...Array(19 * 8).keys()])('bit %s of a command', (bit) => {
    const { chip } = opened();
    const pace = terminalWith('messages', GM);
    const fresh = chipWith('messages', [GM]);
    run(pace, (command) => fresh.exchange(command));
    const session = pace.takeSession();
    const changed = within(session, (command) => chip.exchange(flip(command, bit)));
    // The outer Le is outside of the MAC, and the length byte too: what it says must fit.
    if (bit >= 18 * 8) return;
    let answer: string;
    try {
      answer = toHex(changed(READ));
    } catch (error) {
      answer = (error as Error).name;
    }
    expect(answer).toBe('ChannelError');
  });
});

/** One bit, counted from the first bit of the first byte; within the bytes there are. */
function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = copyBytes(bytes);
  const at = (bit >> 3) % copy.length;
  copy[at] = (copy[at] as number) ^ (0x80 >> (bit & 7));
  return copy;
}
