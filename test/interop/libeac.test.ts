import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Holder, issueHolder, linkCertificate, makeRoot, type Validity } from '../../rig/pki/holder.ts';
import { encodePrivateKey } from '../../rig/pki/private-key.ts';
import { writeTerminalKeys } from '../../rig/pki/terminal-keys.ts';
import { testPrivateKey, testRoot, testTerminalKeys } from '../../rig/pki/test-hierarchy.ts';
import { toHex } from '../../src/apdu/index.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { authorizationOf, encodeAuthorization, type Role, rightsOfType } from '../../src/secure-channel/index.ts';
import { run, serveProfile } from './card.ts';
import {
  CHIP_CAN,
  CHIP_PIN,
  CHIP_SECRET,
  compileLibeac,
  LIBEAC,
  LibeacChip,
  libeacTerminal,
  writeChip,
  writeSigners,
} from './libeac.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { SLOTS, type VpcdCard } from './vpcd-card.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const crypto = nobleCrypto();

let folder: string;
let programs: ReturnType<typeof compileLibeac>;
const at = (name: string): string => join(folder, name);

/** Writes the chain and the key of a terminal; gives the words for the terminal's `ta`. */
function terminalFiles(name: string, rights: readonly string[]): string {
  const { certificates, key } = testTerminalKeys(crypto, rights);
  const files = certificates.map((bytes, index) => {
    writeFileSync(at(`${name}-${index}.cvc`), bytes);
    return at(`${name}-${index}.cvc`);
  });
  writeFileSync(at(`${name}.pkcs8`), encodePrivateKey(crypto, key));
  return [at(`${name}.pkcs8`), ...files].join(' ');
}

/** The same of a hierarchy that names itself as the test hierarchy, and is not: its root has another key. */
function selfMadeFiles(): string {
  const [curve, hash] = ['brainpoolP256r1', 'sha-256'] as const;
  const validity = { from: 200101, to: 991231 };
  const all = rightsOfType('AT');
  const keyOf = (label: string): Uint8Array => testPrivateKey(crypto, curve, label);
  const root = makeRoot(
    crypto,
    {
      name: 'FRVITAPCVCA00001',
      privateKey: keyOf('mine'),
      authorization: authorizationOf('AT', 'CVCA', all),
      validity,
    },
    { curve, hash },
  );
  const verifier = issueHolder(crypto, root, {
    name: 'FRVITAPDV00001',
    privateKey: keyOf('mine too'),
    authorization: authorizationOf('AT', 'DV-official-domestic', all),
    validity,
  });
  const terminal = issueHolder(crypto, verifier, {
    name: 'FRVITAPAT00001',
    privateKey: keyOf('and mine'),
    authorization: authorizationOf('AT', 'terminal', all),
    validity,
  });
  writeFileSync(at('self.pkcs8'), encodePrivateKey(crypto, terminal.key));
  writeFileSync(at('self-dv.cvc'), verifier.certificate);
  writeFileSync(at('self-at.cvc'), terminal.certificate);
  return [at('self.pkcs8'), at('self-dv.cvc'), at('self-at.cvc')].join(' ');
}

/** The value of 7F4C with all rights of an authentication terminal. */
const ALL = toHex(encodeAuthorization(authorizationOf('AT', 'terminal', rightsOfType('AT'))));
const SECRET = `answer ${toHex(Buffer.from(CHIP_SECRET))}9000`;
const READ = 'send 00B0850018';

describeNeeds(LIBEAC, 'libeac', () => {
  let daemon: Pcscd;
  let chip: LibeacChip;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'libeac-'));
    programs = compileLibeac(folder);
    writeChip(at('chip'));
    writeSigners(at('signers'));
    daemon = await Pcscd.start();
  });
  afterAll(async () => {
    await daemon?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('its terminal on its chip, with our certificates and our EF.CardSecurity', () => {
    beforeEach(async () => {
      chip = await LibeacChip.insert(programs.chip, at('chip'));
    });
    afterEach(() => chip.remove());
    const terminal = (...lines: string[]) => libeacTerminal(programs.terminal, SLOTS[0], lines);

    it('opens PACE, TA and CA, and reads what it may', async () => {
      const told = await terminal(
        `signers ${at('signers')}`,
        READ,
        `pace 3 ${CHIP_PIN} ${ALL}`,
        READ,
        'security',
        `ta 13 ${terminalFiles('good', ['read DG4'])}`,
        READ,
        'ca 01',
        READ,
      );
      expect(told).toEqual([
        'answer 6982',
        'pace done FRVITAPCVCA00001',
        'answer 6982',
        'security good',
        'ta done',
        'answer 6982',
        'ca done',
        SECRET,
      ]);
      expect(chip.lines).toContain('chip authenticated');
    });

    it('reads nothing with a wrong CAN, without the right, or with certificates of its own making', async () => {
      const told = await terminal(
        `signers ${at('signers')}`,
        'pace 2 500541',
        `pace 2 ${CHIP_CAN} ${ALL}`,
        'security',
        `ta 13 ${terminalFiles('less', ['read DG1'])}`,
        'ca 01',
        READ,
        'reset',
        `pace 2 ${CHIP_CAN} ${ALL}`,
        `ta 13 ${selfMadeFiles()}`,
        READ,
      );
      expect(told).toEqual([
        'pace refused 6300',
        'pace done FRVITAPCVCA00001',
        'security good',
        'ta done',
        'ca done',
        'answer 6982',
        'reset',
        'pace done FRVITAPCVCA00001',
        `ta refused 6300 at ${at('self-dv.cvc')}`,
        'answer 6982',
      ]);
    });

    it('does not believe an EF.CardSecurity whose signer nobody vouches for', async () => {
      const told = await terminal(`signers ${at('chip')}`, `pace 2 ${CHIP_CAN}`, 'security');
      expect(told).toEqual(['pace done FRVITAPCVCA00001', 'security bad']);
    });
  });

  describe('its terminal on our card apcv', () => {
    let card: Awaited<ReturnType<typeof serveProfile>>;
    beforeEach(async () => {
      card = await serveProfile('apcv', 'contactless');
    });
    afterEach(() => card.remove());
    const terminal = (...lines: string[]) => libeacTerminal(programs.terminal, SLOTS[0], lines);
    const application = 'send 00A4040C0AF0617043562D454D5501';
    const [person, invoice] = ['send 00B2011400', 'send 00B2012400'];
    const opening = (rights: readonly ['read DG1'] | readonly ['read DG1', 'read DG3']): string[] => [
      `signers ${at('signers')}`,
      `pace 2 161803 ${ALL}`,
      // ATR/INFO has the short identifier 1D here.
      'security 011D',
      `ta 13 ${terminalFiles(`apcv-${rights.length}`, rights)}`,
      'ca 41',
      application,
    ];

    it('reads with PACE, TA and CA after the holder’s unlock, and what its certificates grant', async () => {
      expect(card.unlock()).toBe('unlocked');
      const told = await terminal(...opening(['read DG1']), person, invoice, 'plain 00B2011400');
      expect(told.slice(0, 6)).toEqual([
        'pace done FRVITAPCVCA00001',
        'security good',
        'ta done',
        'ca done',
        'answer 9000',
        // E2: the insured, first of the family.
        expect.stringMatching(/^answer E230.*414452554E.*9000$/),
      ]);
      // Invoices are data group 3; in clear nothing is given.
      expect(told.slice(6)).toEqual(['answer 6982', 'answer 6982']);
    });

    it('reads the invoices too with that right; without the unlock nothing', async () => {
      expect(card.unlock()).toBe('unlocked');
      expect((await terminal(...opening(['read DG1', 'read DG3']), invoice)).at(-1)).toMatch(/^answer E4.*9000$/);
      // The presentation is used up.
      expect((await terminal(...opening(['read DG1', 'read DG3']), person, invoice)).slice(-2)).toEqual([
        'answer 6982',
        'answer 6982',
      ]);
    });
  });

  describe('its terminal on our card eac', () => {
    let card: VpcdCard;
    beforeEach(async () => {
      card = await serveProfile('eac', 'contactless');
    });
    afterEach(() => card.remove());
    const terminal = (...lines: string[]) => libeacTerminal(programs.terminal, SLOTS[0], lines);
    const application = 'send 00A4040C09E80704007F00070302';

    it('opens PACE, TA and CA, and reads the data group that its certificates grant', async () => {
      const told = await terminal(
        `signers ${at('signers')}`,
        'plain 00B0850018',
        `pace 2 ${CHIP_CAN} ${ALL}`,
        'send 00B0850018',
        'security',
        application,
        'send 00B0840000',
        `ta 13 ${terminalFiles('good', ['read DG4'])}`,
        'send 00B0840000',
        'ca 41',
        application,
        'send 00B0840000',
        'send 00B0850000',
        'plain 00B0840000',
      );
      expect(told).toEqual([
        'answer 6982',
        'pace done FRVITAPCVCA00001',
        `answer ${toHex(Buffer.from('Vitap: a channel is open'))}9000`,
        'security good',
        'answer 9000',
        'answer 6982',
        'ta done',
        'answer 6982',
        'ca done',
        'answer 9000',
        'answer 64050C035A4F459000',
        'answer 6982',
        'answer 6982',
      ]);
    });

    it('opens it with the PIN too, through a new session after a reset', async () => {
      const told = await terminal(
        `pace 3 ${CHIP_PIN}`,
        'send 00B0850018',
        'reset',
        'plain 00B0850018',
        'pace 4 9876543210',
      );
      expect(told).toEqual([
        'pace done',
        `answer ${toHex(Buffer.from('Vitap: a channel is open'))}9000`,
        'reset',
        'answer 6982',
        'pace done',
      ]);
    });

    it('reads nothing with a wrong CAN, with certificates of its own making, or without a CHAT in PACE', async () => {
      const told = await terminal(
        `signers ${at('signers')}`,
        'pace 2 500541',
        `pace 2 ${CHIP_CAN} ${ALL}`,
        'security',
        `ta 13 ${selfMadeFiles()}`,
        application,
        'send 00B0840000',
        'reset',
        `pace 2 ${CHIP_CAN}`,
        `ta 13 ${terminalFiles('good', ['read DG4'])}`,
        application,
        'send 00B0840000',
      );
      expect(told.filter((line) => !line.startsWith('ta refused'))).toEqual([
        'pace refused 6300',
        'pace done FRVITAPCVCA00001',
        'security good',
        'answer 9000',
        'answer 6982',
        'reset',
        expect.stringMatching(/^pace done/),
        'answer 9000',
        'answer 6982',
      ]);
      expect(told.filter((line) => line.startsWith('ta refused'))).toEqual([
        `ta refused 6300 at ${at('self-dv.cvc')}`,
        expect.stringMatching(/^ta refused 69/),
      ]);
    });
  });

  describe('certificates that its terminal shows our card eac', () => {
    const [curve, hash] = ['brainpoolP256r1', 'sha-256'] as const;
    const rights = ['read DG4'];
    const validity = { from: 260101, to: 301231 };
    const holder = (name: string, role: Role, by: Validity = validity) => ({
      name,
      privateKey: testPrivateKey(crypto, curve, `libeac ${name}`),
      authorization: authorizationOf('AT', role, rights),
      validity: by,
    });
    const verifier = issueHolder(crypto, testRoot(crypto), holder('FRTESTDV00001', 'DV-official-domestic'));
    const terminalBy = (issuer: Holder, by?: Validity): Holder =>
      issueHolder(crypto, issuer, holder('FRTESTAT00001', 'terminal', by));
    const nextRoot = makeRoot(crypto, holder('FRVITAPCVCA00002', 'CVCA'), { curve, hash });
    const nextVerifier = issueHolder(crypto, nextRoot, holder('FRTESTDV00002', 'DV-other'));

    /** Words for `ta`: certificates as files `NAME-0`, `NAME-1`, …, and the key of the last holder. */
    function files(name: string, last: Holder, ...before: Uint8Array[]): string {
      const paths = [...before, last.certificate].map((bytes, index) => {
        writeFileSync(at(`${name}-${index}`), bytes);
        return at(`${name}-${index}`);
      });
      writeFileSync(at(`${name}-key`), encodePrivateKey(crypto, last.key));
      return [at(`${name}-key`), ...paths].join(' ');
    }
    const terminal = (...lines: string[]) => libeacTerminal(programs.terminal, SLOTS[0], lines);
    const pace = `pace 2 ${CHIP_CAN} ${ALL}`;
    let card: VpcdCard;
    beforeEach(async () => {
      card = await serveProfile('eac', 'contactless');
    });
    afterEach(() => card.remove());

    it('a link certificate: the card goes over to the next root, and keeps the one before', async () => {
      const link = linkCertificate(crypto, testRoot(crypto), nextRoot);
      const last = terminalBy(nextVerifier);
      expect(
        await terminal(
          pace,
          `ta 13 ${files('linked', last, link, nextVerifier.certificate)}`,
          'reset',
          pace,
          `ta 13 ${files('next', last, nextVerifier.certificate)}`,
          'reset',
          pace,
          `ta 13 ${terminalFiles('old', rights)}`,
        ),
      ).toEqual([
        'pace done FRVITAPCVCA00001',
        'ta done',
        'reset',
        'pace done FRVITAPCVCA00002 FRVITAPCVCA00001',
        'ta done',
        'reset',
        'pace done FRVITAPCVCA00002 FRVITAPCVCA00001',
        'ta done',
      ]);
    });

    it('dates: a document verifier from 2026 makes the card refuse what ended in 2025', async () => {
      const past = { from: 240101, to: 251231 };
      const early = issueHolder(crypto, testRoot(crypto), holder('FRTESTDV00000', 'DV-official-domestic', past));
      const then = terminalBy(early, past);
      expect(await terminal(pace, `ta 13 ${files('then', then, early.certificate)}`)).toContain('ta done');
      expect(
        await terminal(
          pace,
          `ta 13 ${files('now', terminalBy(verifier), verifier.certificate)}`,
          'reset',
          pace,
          `ta 13 ${files('then', then, early.certificate)}`,
        ),
      ).toEqual([
        'pace done FRVITAPCVCA00001',
        'ta done',
        'reset',
        'pace done FRVITAPCVCA00001',
        `ta refused 6A80 at ${at('then-0')}`,
      ]);
    });

    it.each<[string, () => string, RegExp]>([
      [
        'of a terminal that a root issued',
        () => files('bad', terminalBy(testRoot(crypto))),
        /^ta refused 6A80 at .*0$/,
      ],
      ['without its document verifier', () => files('bad', terminalBy(verifier)), /^ta refused 6A88 at MSE:Set DST$/],
      [
        'of a terminal that a terminal issued',
        () => files('bad', terminalBy(terminalBy(verifier)), verifier.certificate, terminalBy(verifier).certificate),
        /^ta refused 6A80 at .*2$/,
      ],
      [
        'of a terminal that ended before it began',
        () => files('bad', terminalBy(verifier, { from: 270101, to: 261231 }), verifier.certificate),
        /^ta refused 6A80 at .*1$/,
      ],
      [
        'of a signature terminal below a verifier of authentication terminals',
        () =>
          files(
            'bad',
            issueHolder(crypto, verifier, {
              ...holder('FRTESTST00001', 'terminal'),
              authorization: authorizationOf('ST', 'terminal', []),
            }),
            verifier.certificate,
          ),
        /^ta refused 6A80 at .*1$/,
      ],
    ])('refused: %s', async (_, make, refusal) => {
      const told = await terminal(pace, `ta 13 ${make()}`, 'send 00A4040C09E80704007F00070302', 'send 00B0840000');
      expect(told).toEqual([
        'pace done FRVITAPCVCA00001',
        expect.stringMatching(refusal),
        'answer 9000',
        'answer 6982',
      ]);
    });
  });

  describe('our reader on its chip', () => {
    beforeEach(async () => {
      chip = await LibeacChip.insert(programs.chip, at('chip'));
    });
    afterEach(() => chip.remove());

    /** `vitap apdu`: opens a channel with this code, and sends the commands. */
    function apdu(code: 'can' | 'pin', value: string, keys: string, ...commands: string[]): ReturnType<typeof run> {
      writeFileSync(at('code'), value, { mode: 0o600 });
      const channel = ['--channel', code, '--channel-file', at('code'), '--terminal-keys', keys];
      const script = ['secure open', ...commands, ''].join('\n');
      return run(process.execPath, [PROGRAM, 'apdu', '--reader', 'pcsc', '--no-explain', ...channel], script);
    }
    function keysFile(name: string, rights: readonly string[]): string {
      writeTerminalKeys(at(name), testTerminalKeys(crypto, rights));
      return at(name);
    }

    it('opens PACE, TA and CA, and reads what it may', async () => {
      const keys = keysFile('good.json', ['read DG4']);
      const { exit, out } = await apdu('can', CHIP_CAN, keys, '00B0850018=9000');
      expect([exit, out.replaceAll(' ', '')]).toEqual([0, expect.stringContaining(toHex(Buffer.from(CHIP_SECRET)))]);
      expect(chip.lines).toEqual(expect.arrayContaining(['pace done', 'terminal authenticated', 'chip authenticated']));
    });

    it('opens it with the PIN', async () => {
      const keys = keysFile('pin.json', ['read DG4']);
      expect(await apdu('pin', CHIP_PIN, keys, '00B0850018=9000')).toMatchObject({ exit: 0 });
    });

    it('is refused with a wrong CAN, and without the right', async () => {
      const less = keysFile('less.json', ['read DG1']);
      const wrong = await apdu('can', '500541', less, '00B0850018');
      expect(wrong.exit).not.toBe(0);
      expect(chip.lines).toContain('pace refused');
      const lacking = await apdu('can', CHIP_CAN, less, '00B0850018=6982');
      expect(lacking.exit).toBe(0);
      expect(chip.lines).toContain('chip authenticated');
    });

    it('does not believe a chip whose EF.CardSecurity was changed', async () => {
      await chip.remove();
      writeChip(at('copy'));
      const file = readFileSync(at('copy/card-security'));
      // The chip's public key: of a chip that someone else made.
      const point = crypto.publicKey('brainpoolP256r1', testPrivateKey(crypto, 'brainpoolP256r1', 'libeac chip'));
      file.set(
        crypto.publicKey('brainpoolP256r1', testPrivateKey(crypto, 'brainpoolP256r1', 'copy')),
        file.indexOf(point),
      );
      writeFileSync(at('copy/card-security'), file);
      chip = await LibeacChip.insert(programs.chip, at('copy'));
      const keys = keysFile('copy.json', ['read DG4']);
      const { exit, err } = await apdu('can', CHIP_CAN, keys, '00B0850018');
      expect(exit).not.toBe(0);
      expect(err).toContain('its content is not what was signed');
      expect(chip.lines).not.toContain('chip authenticated');
    });

    it('does not believe a chip that has not the key it shows', async () => {
      await chip.remove();
      writeChip(at('clone'));
      const privateKey = testPrivateKey(crypto, 'brainpoolP256r1', 'clone');
      writeFileSync(at('clone/chip.pkcs8'), encodePrivateKey(crypto, { curve: 'brainpoolP256r1', privateKey }));
      chip = await LibeacChip.insert(programs.chip, at('clone'));
      const keys = keysFile('clone.json', ['read DG4']);
      const { exit, err } = await apdu('can', CHIP_CAN, keys, '00B0850018');
      expect(exit).not.toBe(0);
      expect(err).toContain('the chip does not have the key that it shows');
    });
  });
});
