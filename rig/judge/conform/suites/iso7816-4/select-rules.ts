import type { CardDeclaration } from '../../declaration.ts';
import { bytesFrom, defineCase, field, given, ok, refused, SELECTED, send, sweep } from '../../define.ts';
import { hex16 } from '../../hex-pattern.ts';
import { filesOf, type LocatedDirectory, type LocatedFile } from '../../located.ts';
import type { ConformanceCase } from '../../model.ts';
import { EXTENDED_LENGTH, IN_CLEAR, MASTER_FILE, T1_RULES, trait } from '../../needs.ts';
import { NAMED_WITH_FILE, TRANSPARENT, WITH_CHILD, WITH_SIBLING } from './selected-files.ts';

/** What SELECT finds from where, and what is current afterwards. */
export const SELECT_RULE_CASES: readonly ConformanceCase[] = [
  defineCase({
    id: 'SEL-101',
    title: 'by identifier: the current DF sees its parent',
    commands: ['SELECT'],
    needs: { df: WITH_CHILD },
    steps: ({ df }) => {
      const child = df.directories[0] as LocatedDirectory;
      return [
        child.select,
        send('SELECT the parent, FCP', `00A4000402${df.fid}00`, { status: '9000', objects: { '62/83': df.fid } }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-102',
    title: 'by identifier: the current DF sees the DFs beside it',
    commands: ['SELECT'],
    needs: { df: WITH_SIBLING },
    steps: ({ df }) => {
      const sibling = df.parent?.directories.find((each) => each.fid !== df.fid) as LocatedDirectory;
      return [
        df.select,
        send('SELECT the sibling, FCP', `00A4000402${sibling.fid}00`, {
          status: '9000',
          objects: { '62/83': sibling.fid },
        }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-103',
    title: 'by identifier: the MF from anywhere',
    commands: ['SELECT'],
    needs: { df: WITH_CHILD, mf: MASTER_FILE },
    steps: ({ df }) => [
      df.directories[0]?.select ?? [],
      send('SELECT MF, FCP', '00A40004023F0000', { status: '9000', objects: { '62/83': '3F00' } }),
    ],
  }),
  defineCase({
    id: 'SEL-104',
    title: 'by identifier: what lies two levels below is not seen',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: WITH_CHILD, mf: MASTER_FILE },
    steps: ({ df, mf }) => {
      const grandchild = df.directories[0] as LocatedDirectory;
      const hidden = mf.everyDirectory.every((each) => each.fid !== grandchild.fid);
      if (!hidden) return 'the identifier is there on another level too';
      return [mf.select, send('SELECT', `00A4000C02${grandchild.fid}`, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'SEL-105',
    title: 'P1 01 finds no EF',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [f.reach, send('SELECT as a DF', `00A4010C02${f.fid}`, refused('6A82'))],
  }),
  defineCase({
    id: 'SEL-106',
    title: 'P1 02 finds no DF',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: NAMED_WITH_FILE },
    steps: ({ df }) => [df.parent?.select ?? [], send('SELECT as an EF', `00A4020C02${df.fid}`, refused('6A82'))],
  }),
  defineCase({
    id: 'SEL-107',
    title: 'P1 03 climbs from level to level up to the MF',
    commands: ['SELECT'],
    needs: { df: WITH_CHILD },
    steps: ({ df }) => {
      const child = df.directories[0] as LocatedDirectory;
      return [
        child.select,
        send('SELECT parent', '00A4030400', { status: '9000', objects: { '62/83': df.fid } }),
        send('SELECT parent of that', '00A4030400', { status: '9000', objects: { '62/83': df.parent?.fid ?? '3F00' } }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-108',
    title: 'the MF has no parent: either refused or the MF again',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE },
    steps: ({ mf }) => [mf.select, send('SELECT parent of the MF', '00A4030C', refused('9000|6A82|6A86|6985|6A81'))],
  }),
  defineCase({
    id: 'SEL-109',
    title: 'a path from the current DF does not begin with what lies beside it',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: WITH_SIBLING },
    steps: ({ df }) => {
      const sibling = df.parent?.directories.find((each) => each.fid !== df.fid) as LocatedDirectory;
      return [df.select, send('SELECT', `00A4090C02${sibling.fid}`, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'SEL-110',
    title: 'a path that goes through an EF is not found',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      f.reach,
      send('SELECT', `00A4080C${field(`${f.directory.path}${f.fid}${f.fid}`)}`, refused('6A82')),
    ],
  }),
  defineCase({
    id: 'SEL-111',
    title: 'selecting a DF leaves no EF current',
    commands: ['SELECT', 'READ BINARY'],
    statusWords: ['6986'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      f.select,
      given('READ BINARY: the EF is current', '00B0000001'),
      f.reach,
      send('READ BINARY', '00B0000001', refused('6986')),
    ],
  }),
  defineCase({
    id: 'SEL-112',
    title: 'selecting an EF keeps its DF current: another EF of it can be selected',
    commands: ['SELECT'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => {
      const other = f.directory.files.find((each) => each.fid !== f.fid);
      if (other === undefined) return 'the DF has only one EF';
      return [f.select, send('SELECT the other', other.selection, SELECTED)];
    },
  }),
  defineCase({
    id: 'SEL-113',
    title: 'after a reset the MF is current',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE },
    steps: ({ mf }) => {
      const child = mf.files[0];
      if (child === undefined) return 'the MF is declared without an EF in use';
      return [send('SELECT an EF of the MF, with nothing before', child.selection, SELECTED)];
    },
  }),
  defineCase({
    id: 'SEL-114',
    title: 'after a reset no EF is current',
    commands: ['READ BINARY', 'SELECT'],
    statusWords: ['6986'],
    needs: { f: TRANSPARENT, clear: IN_CLEAR },
    steps: ({ f }) => [
      f.select,
      given('READ BINARY', '00B0000001'),
      { kind: 'power', mode: 'warm' },
      send('READ BINARY', '00B0000001', refused('6986')),
    ],
  }),
  defineCase({
    id: 'SEL-115',
    title: 'a reset leaves the selected application: its EFs are not found in the MF',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: NAMED_WITH_FILE, mf: MASTER_FILE },
    steps: ({ df, mf }) => {
      const own = df.files.find((each) => mf.everyFile.every((other) => other.fid !== each.fid));
      if (own === undefined) return 'its EFs have the identifiers of EFs in the MF';
      return [df.select, { kind: 'power', mode: 'warm' }, send('SELECT', own.selection, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'SEL-116',
    title: 'P1 values that mean nothing are refused',
    commands: ['SELECT'],
    statusWords: ['6A86'],
    steps: () => [
      sweep(
        'SELECT under a reserved P1',
        '00A4{value}0C023F00',
        [...bytesFrom(0x05, 0x07), ...bytesFrom(0x0b, 0xff)],
        refused('6A86|6A81|6B00', '6A86'),
      ),
    ],
  }),
  defineCase({
    id: 'SEL-117',
    title: 'P2 with b8 to b5 set is refused',
    commands: ['SELECT'],
    statusWords: ['6A86'],
    steps: () => [
      sweep(
        'SELECT under a reserved P2',
        '00A400{value}023F00',
        bytesFrom(0x10, 0xff).filter((_, i) => (i & 0x03) === 0),
        refused('6A86|6A81|6B00', '6A86'),
      ),
    ],
  }),
  defineCase({
    id: 'SEL-118',
    title: 'every P1-P2 gets a status word, and none but those of the standard',
    commands: ['SELECT'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      sweep(
        'SELECT under each P1-P2',
        `00A4{value}02${f.fid}`,
        Array.from({ length: 65_536 }, (_, i) => hex16(i)),
        { status: '9000|6A80|6A81|6A82|6A86|6A87|6700|6B00|6283|6285' },
        '00A4000C023F00',
      ),
    ],
  }),
  defineCase({
    id: 'SEL-119',
    title: 'an extended Lc is as good as a short one',
    commands: ['SELECT'],
    needs: { extended: EXTENDED_LENGTH, mf: MASTER_FILE },
    steps: () => [send('SELECT MF', '00A4000C0000023F00', ok(''))],
  }),
  defineCase({
    id: 'SEL-120',
    title: 'with an extended Le the same template comes as with a short one',
    commands: ['SELECT'],
    needs: { extended: EXTENDED_LENGTH, mf: MASTER_FILE },
    steps: () => [
      send('SELECT MF, short', '00A40004023F0000', { status: '9000', data: '62*' }, { fcp: { object: '62' } }),
      send('SELECT MF, extended', '00A400040000023F000000', { status: '9000', objects: { 62: '{fcp}' } }),
    ],
  }),
  defineCase({
    id: 'SEL-121',
    title: 'without Le no template comes',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE, own: T1_RULES },
    steps: () => [send('SELECT MF, FCI, no Le', '00A40000023F00', { status: '9000|61XX', decided: '9000', data: '' })],
  }),
  defineCase({
    id: 'SEL-122',
    title: 'an Le smaller than the template is no reason to cut it',
    commands: ['SELECT'],
    statusWords: ['6CXX'],
    needs: { mf: MASTER_FILE, own: T1_RULES },
    steps: () => [send('SELECT MF, FCP, Le 02', '00A40004023F0002', { status: '6CXX|61XX', decided: '6CXX' })],
  }),
  defineCase({
    id: 'SEL-123',
    title: 'refused for its Le, SELECT leaves the selection as it was',
    commands: ['SELECT'],
    needs: {
      f: TRANSPARENT,
      own: trait("Vitap's decisions", (card) => card.decisions === 'vitap' && card.protocol === 'T=1'),
    },
    steps: ({ f }) => [
      f.select,
      send('SELECT MF, FCP, Le 02', '00A40004023F0002', refused('6CXX')),
      send('READ BINARY: the EF is current still', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'SEL-124',
    title: 'identifier 3FFF in a path means the current DF and is no file',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { mf: MASTER_FILE },
    steps: () => [send('SELECT 3FFF as an EF', '00A4020C023FFF', refused('6A82|6A80'))],
  }),
  defineCase({
    id: 'SEL-125',
    title: 'files of the same identifier in two DFs are two files',
    commands: ['SELECT', 'READ BINARY'],
    needs: { pair: trait('two EFs of one identifier in two DFs', (card) => twins(card) !== null) },
    steps: ({ pair }) => {
      const [a, b] = twins(pair)!;
      return [
        a.select,
        send('READ BINARY of the one', '00B0000002', ok(a.part(0, 2))),
        b.select,
        send('SELECT the other, FCP', `00A4020402${b.fid}00`, {
          status: '9000',
          objects: { '62/80': hex16(b.length) },
        }),
      ];
    },
  }),
];

function twins(
  card: CardDeclaration,
): readonly [a: ReturnType<typeof TRANSPARENT.find> & object, b: ReturnType<typeof TRANSPARENT.find> & object] | null {
  const all = transparentFiles(card);
  for (const a of all) {
    const b = all.find(
      (each) => each.fid === a.fid && each.directory.path !== a.directory.path && each.length !== a.length,
    );
    if (b !== undefined) return [a, b];
  }
  return null;
}

function transparentFiles(card: CardDeclaration): readonly LocatedFile[] {
  return filesOf(card).filter(
    (each) =>
      each.structure === 'transparent' &&
      each.access.read === 'free' &&
      each.lifeCycle === 'activated' &&
      each.length >= 2,
  );
}
