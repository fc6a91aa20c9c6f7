import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { issueHolder, makeRoot } from '../../rig/pki/holder.ts';
import { encodePrivateKey } from '../../rig/pki/private-key.ts';
import { testPrivateKey, testTerminalKeys } from '../../rig/pki/test-hierarchy.ts';
import { toHex } from '../../src/apdu/index.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { authorizationOf, encodeAuthorization, rightsOfType } from '../../src/secure-channel/index.ts';
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
import { SLOTS } from './vpcd-card.ts';

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
});
