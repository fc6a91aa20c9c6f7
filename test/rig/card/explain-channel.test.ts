import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainCommand } from '../../../rig/card/explain-command.ts';
import { NO_CHANNEL } from '../../../rig/channel/choice.ts';
import { ReaderChannel } from '../../../rig/channel/reader-channel.ts';
import { terminalKeysText } from '../../../rig/pki/terminal-keys.ts';
import { fromHex } from '../../../src/apdu/hex.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import type { CardSpecification } from '../../../src/applet/image/specification.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import {
  chipAuthenticationDomainParameterInfo,
  chipAuthenticationInfo,
  encodeSecurityInfos,
  paceInfo,
} from '../../../src/secure-channel/index.ts';
import {
  certify,
  extendedAccessSpecification,
  type Party,
  READ_GUARDED,
  ROOT,
  VERIFIER,
} from '../../applet/extended-access-card.ts';
import { CAN, crypto, GM_128 } from '../../applet/pace-card.ts';
import { fakeIo } from '../console/fake-io.ts';

let folder: string;
let image: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-explain-'));
  image = join(folder, 'card.img');
  FileNvm.create(image, personalise(specification(), crypto)).close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Terminals learn from EF.CardAccess on which curve chip authentication will be. */
function specification(): CardSpecification {
  const { masterFile, ...rest } = extendedAccessSpecification();
  const content = encodeSecurityInfos([
    paceInfo(GM_128, GM_128.parameterId),
    chipAuthenticationInfo('AES-128', 0x41),
    chipAuthenticationDomainParameterInfo('brainpoolP256r1', 0x41),
  ]);
  const children = masterFile.children.map((child) =>
    child.fid === 0x011c && child.kind === 'transparent' ? { ...child, content } : child,
  );
  return { ...rest, masterFile: { ...masterFile, children } };
}

function keyFile(name: string, chain: readonly Party[]): string {
  const path = join(folder, `${name}.json`);
  const certificates = chain.map(({ certificate }) => certificate);
  writeFileSync(path, terminalKeysText({ certificates, key: chain.at(-1)!.key, signers: [] }));
  chmodSync(path, 0o600);
  return path;
}

async function explain(terminalKeys: string): Promise<{ status: string; sentence: string }> {
  const io = fakeIo({ json: true, env: { VITAP_CAN: CAN } });
  const channel = await ReaderChannel.from({ ...NO_CHANNEL, terminalKeys }, io, true);
  const command = fromHex(READ_GUARDED);
  expect(await explainCommand({ card: image, command, after: [], interface: 'contactless', channel }, io)).toBe(0);
  return JSON.parse(io.out.join('')).explanations[0];
}

describe('card explain, with a channel and a terminal', () => {
  const needs =
    'READ BINARY of 0D01 by contactless needs an authentication terminal with the right “read DG1”; it is not: ';

  it('in clear: no channel', async () => {
    const io = fakeIo({ json: true });
    const command = fromHex(READ_GUARDED);
    await explainCommand({ card: image, command, after: [], interface: 'contactless', channel: null }, io);
    expect(JSON.parse(io.out.join('')).explanations[0]).toMatchObject({
      status: '6982',
      sentence: `${needs}the command came in clear, outside of any channel: PACE opens one, then come terminal and chip authentication`,
    });
  });

  it('a self-made certificate: no way to a root that the card trusts', async () => {
    const self = certify(null, 'DESELFROOT00001', 'CVCA');
    const verifier = certify(self, 'DESELFDV00001', 'DV-other');
    const { status, sentence } = await explain(
      keyFile('self', [verifier, certify(verifier, 'DESELFAT00001', 'terminal')]),
    );
    expect(status).toBe('6982');
    expect(sentence).toMatch(
      /no channel was opened: the certificates of DESELFAT00001 lead to no root that the card trusts \(DETESTROOT00001\)$/,
    );
  });

  it.each([
    [
      'under the name of our root',
      () => certify({ ...certify(null, 'DESELFROOT00002', 'CVCA'), name: ROOT.name }, 'DESELFDV00002', 'DV-other'),
      'the signature is wrong',
    ],
    ['expired', () => certify(ROOT, 'DETESTDV00052', 'DV-other', { to: 251231 }), 'it has expired'],
  ])('one %s: what the card says of it', async (name, make, reason) => {
    const verifier = make();
    const keys = keyFile(name.replaceAll(' ', '-'), [verifier, certify(verifier, 'DETESTAT00052', 'terminal')]);
    expect((await explain(keys)).sentence).toMatch(new RegExp(`; the card refused the certificate because ${reason}$`));
  });

  it('one without the right says so before anything is read', async () => {
    const keys = keyFile('poor', [VERIFIER, certify(VERIFIER, 'DETESTAT00053', 'terminal', { rights: ['read DG2'] })]);
    // This card has no EF.CardSecurity: chip authentication cannot follow.
    expect((await explain(keys)).sentence).toContain('no channel was opened: ');
  });
});
