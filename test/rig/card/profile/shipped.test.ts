import { createECDH, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  listProfiles,
  loadProfile,
  TEST_AUTHORITY_PUBLIC_KEY,
  testAuthorityKey,
} from '../../../../rig/card/profile/index.ts';
import { fromHex, TlvReader, toHex } from '../../../../src/apdu/index.ts';
import type {
  AccessRules,
  CardSpecification,
  DirectorySpecification,
  FileSpecification,
  RecordFileSpecification,
  TransparentSpecification,
} from '../../../../src/applet/image/specification.ts';
import {
  AFFILIATION,
  APPLICATION,
  BENEFICIARY,
  CARD_VALIDITY,
  decodeInvoice,
  decodePointers,
  IDENTITY,
  isKeyed,
  NIR_ENTRY,
  OWN_AID,
  RIGHT,
  refuseSignature,
  VITALE_AID,
} from '../../../../src/applet/vitale/index.ts';
import { loadVectors } from '../../../vectors/load.ts';
import { world } from './small-profile.ts';

const vitale2 = await loadProfile('vitale2', world());
const apcv = await loadProfile('apcv', world());
const reference = await loadProfile('reference', world());

describe('the shipped profiles', () => {
  it('have a serial number each', async () => {
    const profiles = await Promise.all((await listProfiles()).map((name) => loadProfile(name, world())));
    const serials = profiles.map(({ serial }) => toHex(serial));
    expect(serials.length).toBeGreaterThan(1);
    expect(new Set(serials).size).toBe(serials.length);
  });
});

function child(directory: DirectorySpecification, fid: number): FileSpecification {
  const found = directory.children.find((one) => one.fid === fid);
  if (found === undefined) throw new Error(`no file ${fid.toString(16)}`);
  return found;
}
const directory = (card: CardSpecification, fid: number): DirectorySpecification =>
  child(card.masterFile, fid) as DirectorySpecification;
const content = (parent: DirectorySpecification, fid: number): Uint8Array =>
  (child(parent, fid) as TransparentSpecification).content;
const records = (parent: DirectorySpecification, fid: number): readonly Uint8Array[] =>
  (child(parent, fid) as RecordFileSpecification).records;
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const reads = ({ contact, contactless, wired }: AccessRules): number[] => [contact[0], contactless[0], wired[0]];
/** The expanded rule over an antenna; null: the compact one holds. */
const overAntenna = ({ attributes }: FileSpecification): string | null =>
  attributes?.contactless === undefined
    ? null
    : `${attributes.contactless.form} ${toHex(attributes.contactless.value)}`;

/**
 * Reading (80 01 01) with all of AF, ISO/IEC 7816-4: the holder's unlock (9E, user authentication in environment 2) or
 * code 81 (A4 with key reference 81 and usage qualifier 08, a password), and a terminal (9E, external authentication
 * in the environment given).
 */
const unlockAnd = (environment: number): string => `expanded 800101AF069E01129E01${(0x20 | environment).toString(16)}`;
const codeAnd = (environment: number): string =>
  `expanded 800101AF0BA4068301819501089E01${(0x20 | environment).toString(16)}`;

function files(parent: DirectorySpecification): Exclude<FileSpecification, DirectorySpecification>[] {
  return parent.children.flatMap((one) => (one.kind === 'directory' ? files(one) : [one]));
}

describe('every shipped profile', async () => {
  it.each(await listProfiles())('%s has its own name and can be put into an image', async (name) => {
    const card = await loadProfile(name, world());
    expect(card.profile).toBe(name);
    expect(card.masterFile.fid).toBe(0x3f00);
    expect(card.link.historicalBytes.length).toBeLessThanOrEqual(15);
    for (const file of files(card.masterFile)) {
      if (file.kind === 'transparent') expect(file.content.length).toBeGreaterThan(0);
      else if (file.kind !== 'ber-tlv') expect(file.records.length).toBeLessThanOrEqual(file.capacity);
    }
  });
});

describe.each([
  ['vitale2', vitale2],
  ['apcv', apcv],
])('the own application of %s', (_, card) => {
  const own = directory(card, 0xe000);

  it('is where readers look for it', () => {
    expect(toHex(own.name!)).toBe('F0617043562D454D5501');
    expect(own.children.map(({ fid, kind }) => [fid.toString(16), kind])).toEqual([
      ['e001', 'linear-variable'],
      ['e002', 'linear-variable'],
      ['e003', 'linear-variable'],
      ['e004', 'cyclic'],
      ['e00f', 'transparent'],
    ]);
    expect(own.children.map((file) => (file as RecordFileSpecification).sfi)).toEqual([1, 2, 3, 4, 15]);
  });

  it('has the code 274916 with three tries and the PUK 41592653', () => {
    expect(own.pins).toMatchObject([
      { reference: 0x81, tries: 3, minLength: 6, maxLength: 6, paddedLength: 0, unblockedBy: 0x82 },
      { reference: 0x82, minLength: 8, maxLength: 8, paddedLength: 0, unblockedBy: null },
    ]);
    expect(toHex(own.pins[0]!.code)).toBe('323734393136');
    expect(toHex(own.pins[1]!.code)).toBe(ascii('41592653'));
    for (const pin of own.pins) expect(pin.access).toEqual({ contact: 0x00, contactless: 0x40, wired: 0x00 });
  });

  it('holds the family, laid out as documented', () => {
    expect(records(own, 0xe001).map((record) => toHex(record))).toEqual([
      `E1138002${ascii('01')}8103${ascii('999')}8204${ascii('0001')}8302${ascii('10')}`,
    ]);
    expect(toHex(records(own, 0xe002)[0]!)).toBe(
      `E230800101810100820101${`8308${ascii('19751231')}8405${ascii('ADRUN')}8603${ascii('ZOE')}`}870F${ascii('275126322074974')}`,
    );
    expect(records(own, 0xe002).map((record) => BENEFICIARY.decode(record))).toMatchObject([
      { index: 1, quality: 0, usualName: 'ADRUN', firstName: 'ZOE' },
      { index: 2, quality: 6, usualName: 'ECETINSI', firstName: 'PIERRE-ALAIN', birthDate: '20090714' },
      { index: 3, quality: 6, usualName: 'NESSI', firstName: 'MICHELANGELO', birthDate: '20100807' },
    ]);
    expect(AFFILIATION.decode(records(own, 0xe001)[0]!)).toMatchObject({ regime: '01', caisse: '999' });
    const owners = records(own, 0xe003).map((record) => RIGHT.decode(record).beneficiaryIndex);
    expect(new Set(owners)).toEqual(new Set([1, 2, 3]));
  });

  it('knows published test identities only', () => {
    const published = loadVectors<{ rows: { nir: string; key: string; identity?: string }[] }>('nir').rows;
    for (const record of records(own, 0xe002)) {
      const { certifiedNir, usualName, firstName } = BENEFICIARY.decode(record);
      expect(isKeyed(certifiedNir!)).toBe(true);
      const row = published.find(({ nir }) => nir === certifiedNir!.nir);
      expect(row?.identity).toContain(`${usualName} ${firstName},`);
      expect(row?.key).toBe(certifiedNir!.key);
    }
  });

  it('has six invoices or more, newest first, that add up', () => {
    const invoices = records(own, 0xe004).map((record) => {
      expect(record).toHaveLength(112);
      return decodeInvoice(record);
    });
    expect(invoices.length).toBeGreaterThanOrEqual(6);
    const dates = invoices.map(({ date }) => date);
    expect(dates).toEqual([...dates].sort().reverse());
    for (const { total, amo, amc, patient } of invoices) expect(amo + amc + patient).toBe(total);
  });

  it('is signed by the test authority', () => {
    const signed = [0xe001, 0xe002, 0xe003].map((fid) => records(own, fid));
    const { crypto } = world();
    expect(refuseSignature(crypto, TEST_AUTHORITY_PUBLIC_KEY, signed, content(own, 0xe00f))).toBeNull();
    const other = [signed[0]!, signed[1]!.slice(1), signed[2]!];
    expect(refuseSignature(crypto, TEST_AUTHORITY_PUBLIC_KEY, other, content(own, 0xe00f))).toBe(
      'the signature is not over these files',
    );
  });
});

describe('vitale2', () => {
  const vitale = directory(vitale2, 0x2000);

  it('is free to read on contact but for the own application, and has no holder', () => {
    const free = [
      ...files({
        ...vitale2.masterFile,
        children: vitale2.masterFile.children.filter(({ kind }) => kind !== 'directory'),
      }),
      ...files(vitale),
    ];
    // Over an antenna an authentication terminal, environment 1, reads what concerns a person; nobody else does.
    expect(free.map(({ fid, access }) => [fid.toString(16), ...reads(access)])).toEqual([
      ['2f00', 0x00, 0x00, 0x00],
      ['2f01', 0x00, 0x00, 0x00],
      ['2f02', 0x00, 0x21, 0x00],
      ['d001', 0x00, 0x21, 0x00],
      ['11c', 0x00, 0x00, 0x00],
      ['11d', 0x40, 0x40, 0x40],
      ['2001', 0x00, 0x00, 0x00],
      ['2002', 0x00, 0x21, 0x00],
      ['2003', 0x00, 0x21, 0x00],
    ]);
    const people = [{ id: 1, by: 'terminal', right: { type: 'AT', right: 'read DG1', byCan: true } }];
    expect([vitale2.masterFile.environments, vitale.environments]).toEqual([people, people]);
    // On contact after the code; over an antenna the code and a terminal with the right.
    const own = files(directory(vitale2, 0xe000));
    for (const { access } of own) expect([access.contact[0], access.wired[0]]).toEqual([0x11, 0x11]);
    expect(own.map(overAntenna)).toEqual([3, 3, 4, 5, 3].map(codeAnd));
    expect(vitale2.holder).toBeNull();
    expect(vitale2.interface).toBe('contact');
    expect(vitale2.masterFile.name).toEqual(fromHex('D2500000024D465F564954414C45'));
    expect(vitale.name).toEqual(VITALE_AID);
  });

  it('writes nothing, ever', () => {
    for (const { access } of files(vitale2.masterFile)) {
      for (const vector of Object.values(access)) expect(vector.slice(1)).toEqual([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }
  });

  it('has the identities that one read takes', () => {
    const bytes = content(vitale2.masterFile, 0xd001);
    expect(toHex(bytes)).toBe(
      `65168005${ascii('ADRUN')}8103${ascii('ZOE')}8208${ascii('19751231')}` +
        `65228008${ascii('ECETINSI')}810C${ascii('PIERRE-ALAIN')}8208${ascii('20090714')}` +
        `651F8005${ascii('NESSI')}810C${ascii('MICHELANGELO')}8208${ascii('20100807')}`,
    );
    expect(bytes.length).toBeLessThanOrEqual(256);
    const nirs = NIR_ENTRY.decodeAll(content(vitale, 0x2002));
    expect(nirs.map((entry) => entry.nir?.nir)).toEqual(['2751263220749', '1090763220834', '1100863220830']);
    expect(nirs).toHaveLength(IDENTITY.decodeAll(bytes).length);
    expect(CARD_VALIDITY.decode(content(vitale, 0x2003))).toEqual({ validFrom: '20240102', type: 'T' });
  });

  it('points to applications and files that are there', () => {
    const names = new Map<string, DirectorySpecification>();
    for (const one of [vitale2.masterFile, vitale, directory(vitale2, 0xe000)]) names.set(toHex(one.name!), one);
    const pointed = decodePointers(content(vitale, 0x2001));
    expect(pointed).toHaveLength(3);
    for (const { aid, fid, files } of pointed) {
      const found = names.get(toHex(aid));
      expect(found?.fid).toBe(fid);
      for (const file of files) expect(child(found!, file.fid).kind).toBe('transparent');
    }
    // With DIR, PAN and POINTERS, which readers add themselves: nine.
    expect(pointed.flatMap(({ files }) => files)).toHaveLength(6);
  });

  it('lists its applications in DIR', () => {
    expect(APPLICATION.decodeAll(content(vitale2.masterFile, 0x2f00))).toEqual([
      { aid: VITALE_AID, label: 'VITALE' },
      { aid: OWN_AID, label: 'apCV-EMU' },
    ]);
  });

  it('leaves nothing unparsed in a transparent file', () => {
    const walk = (reader: TlvReader): void => {
      while (reader.next()) if (reader.constructed) walk(reader.enter());
    };
    for (const file of files(vitale2.masterFile)) {
      if (file.kind !== 'transparent') continue;
      expect(() => walk(new TlvReader(file.content))).not.toThrow();
      expect(file.content.at(0)).not.toBe(0);
    }
  });

  it('has a card number with a right check digit (Luhn)', () => {
    const digits = toHex(content(vitale2.masterFile, 0x2f02).subarray(2));
    const sum = [...digits].reverse().reduce((total, digit, index) => {
      const doubled = Number(digit) * (index % 2 === 1 ? 2 : 1);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    expect(digits).toMatch(/^80250\d{15}$/);
    expect(sum % 10).toBe(0);
  });

  it('may answer as the green card does: vitale2-t0 differs in its link, its serial number and its key alone', async () => {
    const t0 = await loadProfile('vitale2-t0', world());
    expect(toHex(t0.link.atr!)).toBe('3B751300004309EA9000');
    expect(t0.link.protocol).toBe('T=0');
    // A chip has its own key, which its EF.CardSecurity shows.
    const [[key], [itsOwn]] = [vitale2.masterFile.keys!, t0.masterFile.keys!];
    expect(toHex(itsOwn!.value!)).not.toBe(toHex(key!.value!));
    const children = t0.masterFile.children.map((file) =>
      file.fid === 0x011d ? child(vitale2.masterFile, 0x011d) : file,
    );
    const masterFile = { ...t0.masterFile, keys: [{ ...itsOwn, value: key!.value }], children };
    expect({ ...t0, profile: 'vitale2', serial: vitale2.serial, link: vitale2.link, masterFile }).toEqual(vitale2);
  });
});

describe('apcv', () => {
  it('shows nothing personal in the master file', () => {
    const free = apcv.masterFile.children.filter(({ kind }) => kind !== 'directory');
    expect(free.map(({ fid }) => fid.toString(16))).toEqual(['2f00', '2f01', '11c', '11d']);
    for (const file of free) {
      const first = file.fid === 0x011d ? 0x40 : 0x00;
      expect(reads(file.access)).toEqual([first, first, first]);
      for (const word of ['ADRUN', '2751263220749', 'NESSI'])
        expect(toHex((file as TransparentSpecification).content)).not.toContain(ascii(word));
    }
    expect(apcv.masterFile.children).toHaveLength(5);
    expect(apcv.masterFile.name).toBeNull();
    expect(APPLICATION.decodeAll(content(apcv.masterFile, 0x2f00))).toEqual([{ aid: OWN_AID, label: 'apCV-EMU' }]);
  });

  it('is read after the code on contact and by wire; by antenna while the window is open, by a terminal', () => {
    const own = directory(apcv, 0xe000);
    for (const { access } of files(own)) expect([access.contact[0], access.wired[0]]).toEqual([0x11, 0x11]);
    expect(files(own).map(overAntenna)).toEqual([3, 3, 4, 5, 3].map(unlockAnd));
    const terminal = (right: string) => ({ by: 'terminal', right: { type: 'AT', right, byCan: true } });
    expect(own.environments).toEqual([
      { id: 1, pin: 0x81, by: 'verify' },
      { id: 2, pin: 0x81, by: 'holder' },
      { id: 3, ...terminal('read DG1') },
      { id: 4, ...terminal('read DG2') },
      { id: 5, ...terminal('read DG3') },
    ]);
    expect(own.pins.map(({ unlocksHolder }) => unlocksHolder)).toEqual([true, false]);
    expect(apcv.holder).toEqual({ windowSeconds: 60, uses: 1 });
  });

  it('is a phone: an antenna, a random UID', () => {
    expect(apcv.interface).toBe('contactless');
    expect(apcv.link.uid).toBeNull();
  });

  it.each([
    ['apcv', apcv],
    ['vitale2', vitale2],
  ])('%s: EF.CardAccess names PACE over brainpoolP256r1, chip authentication with key 41, and terminals', (_, card) => {
    expect(toHex(content(card.masterFile, 0x011c))).toBe(
      [
        '3155',
        '3012 060A 04007F00070202040202 020102 02010D', // PACE-ECDH-GM-AES-CBC-CMAC-128, version 2, parameters 13
        '3012 060A 04007F00070202030202 020102 020141', // CA-ECDH-AES-CBC-CMAC-128, version 2, key 41
        '301C 0609 04007F000702020302 300C 0607 04007F00070102 02010D 020141', // CA-ECDH: its parameters 13, key 41
        '300D 0608 04007F0007020202 020102', // TA, version 2
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });
});

describe('reference', () => {
  it('is the card that every peer can hold', () => {
    const bench = reference.masterFile.children[0] as DirectorySpecification;
    expect(toHex(bench.name!)).toBe('F042454E434801');
    expect(bench.label).toBeNull();
    expect(reference.masterFile.pins).toMatchObject([{ reference: 1, tries: 3, paddedLength: 8, paddingByte: 0xff }]);
    expect(toHex(reference.masterFile.pins[0]!.code)).toBe('313233343536');
    const [first, second] = bench.children as [RecordFileSpecification, TransparentSpecification];
    expect(first).toMatchObject({ kind: 'linear-fixed', sfi: 1, recordSize: 100, capacity: 8 });
    expect(first.records.map((record) => record.length)).toEqual(Array(8).fill(100));
    expect(second.content).toHaveLength(1000);
    for (const { access } of bench.children) expect(reads(access)).toEqual([0x11, 0x11, 0x11]);
  });
});

describe('the test authority', () => {
  it('has the key that its label gives, by another implementation', () => {
    const order = BigInt('0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551');
    const hash = createHash('sha512').update('vitap test authority 1').digest('hex');
    const key = (BigInt(`0x${hash}`) % (order - 1n)) + 1n;
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(key.toString(16).padStart(64, '0'), 'hex');
    expect(ecdh.getPublicKey('hex').toUpperCase()).toBe(toHex(TEST_AUTHORITY_PUBLIC_KEY));
    expect(toHex(testAuthorityKey(world().crypto))).toBe(key.toString(16).padStart(64, '0').toUpperCase());
  });
});
