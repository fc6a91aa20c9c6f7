import { existsSync } from 'node:fs';
import { toHex } from '../../src/apdu/hex.ts';
import { recordFor } from '../../src/applet/access/security-attribute.ts';
import { answerToReset } from '../../src/applet/answer-to-reset.ts';
import { type CardFile, EF_ACCESS } from '../../src/applet/files/card-file.ts';
import { LIFE_CYCLE, lifeCycleOf } from '../../src/applet/files/life-cycle.ts';
import { recordCount } from '../../src/applet/files/record-file.ts';
import type { CardImage } from '../../src/applet/image/card-image.ts';
import { FILE_KIND, PIN } from '../../src/applet/image/layout.ts';
import { PIN_STATE } from '../../src/applet/pin/pin-store.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { type PasswordName, passwordName } from '../../src/secure-channel/index.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { counted } from '../report/words.ts';
import { terminalInWords } from './explain/condition-sentence.ts';
import { buildImage, FIXED_SEED, readImage } from './open.ts';
import type { CardShowOptions } from './options.ts';
import { describeKey, describeTrust, keyLines, type ShownKey, type ShownTrust, trustLines } from './show-keys.ts';

const INTERFACES = ['contact', 'contactless', 'wired'] as const;
const KIND_NAMES: Readonly<Record<number, string>> = {
  [FILE_KIND.DIRECTORY]: 'directory',
  [FILE_KIND.TRANSPARENT]: 'transparent',
  [FILE_KIND.LINEAR_FIXED]: 'linear fixed',
  [FILE_KIND.LINEAR_VARIABLE]: 'linear variable',
  [FILE_KIND.CYCLIC]: 'cyclic',
  [FILE_KIND.BER_TLV]: 'data objects',
};

const LIFE_CYCLE_NAMES: Readonly<Record<number, string>> = {
  [LIFE_CYCLE.CREATION]: 'in creation',
  [LIFE_CYCLE.INITIALISATION]: 'in initialisation',
  [LIFE_CYCLE.DEACTIVATED]: 'deactivated',
  [LIFE_CYCLE.ACTIVATED]: 'activated',
  [LIFE_CYCLE.TERMINATED]: 'terminated',
};

/**
 * `vitap card show`: what a card is made of. Structure, rules and tries; never a code, a secret or the content of a
 * file. An image in use by an emulator is shown as it is stored.
 */
export async function showCard(options: CardShowOptions, io: CommandIo): Promise<ExitCode> {
  const nvm = await load(options.card);
  const image = readImage(nvm, options.card);
  const card = describe(image, nvm);
  if (io.json) writeJson(io, card);
  else io.stdout(format(card));
  return EXIT.pass;
}

async function load(fileOrName: string): Promise<Nvm> {
  if (!existsSync(fileOrName) || /\.ya?ml$/.test(fileOrName)) {
    return new MemoryNvm(await buildImage(fileOrName, FIXED_SEED));
  }
  const { FileNvm } = await import('../../src/hal/nvm/file.ts');
  return FileNvm.load(fileOrName);
}

interface ShownFile {
  readonly path: string;
  readonly kind: string;
  readonly depth: number;
  readonly name: string | null;
  readonly label: string | null;
  readonly sfi: string | null;
  readonly size: string;
  readonly lifeCycle: string;
  readonly read: Readonly<Record<string, string>> | null;
}

interface ShownCard {
  readonly profile: string;
  readonly serial: string;
  readonly format: number;
  readonly bytes: number;
  readonly interface: string;
  readonly protocol: string;
  readonly atr: string;
  readonly holder: string;
  readonly files: readonly ShownFile[];
  readonly codes: readonly {
    readonly reference: string;
    readonly of: string;
    readonly triesLeft: number;
    readonly tries: number;
    /** Which password of PACE it is, or null. */
    readonly password: PasswordName | null;
    readonly deactivated: boolean;
  }[];
  /** Which keys there are; never their value. */
  readonly keys: readonly ShownKey[];
  readonly trust: ShownTrust | null;
}

function describe(image: CardImage, nvm: Nvm): ShownCard {
  return {
    profile: image.profile,
    serial: toHex(image.serial),
    format: image.version,
    bytes: nvm.size,
    interface: image.interface,
    protocol: image.link.protocol,
    atr: toHex(answerToReset(image.link), ' '),
    holder:
      image.holder === null
        ? 'none'
        : `an unlock opens the card for ${image.holder.windowSeconds} s and ${image.holder.uses} presentation(s)`,
    files: inTreeOrder(image.files[0] as CardFile).map((file) => describeFile(file, image, nvm)),
    codes: image.pins.map((pin) => ({
      reference: hex(pin.reference, 2),
      of: pathOf(pin.directory),
      triesLeft: nvm.readByte(pin.address + PIN.TRIES_LEFT),
      tries: pin.tries,
      password: passwordName(pin.password),
      deactivated: (nvm.readByte(pin.address + PIN.STATE) & PIN_STATE.DEACTIVATED) !== 0,
    })),
    keys: image.keys.map((key) => describeKey(key, pathOf(key.directory), nvm)),
    trust: describeTrust(image.trust, nvm),
  };
}

function describeFile(file: CardFile, image: CardImage, nvm: Nvm): ShownFile {
  const condition = (cardInterface: (typeof INTERFACES)[number]) => ruleInWords(file, cardInterface, image);
  return {
    path: pathOf(file),
    kind: KIND_NAMES[file.kind] ?? '?',
    depth: pathOf(file).split('/').length - 1,
    name: file.name === null ? null : toHex(file.name),
    label: file.label === null ? null : String.fromCharCode(...file.label),
    sfi: file.sfi === 0 ? null : hex(file.sfi, 2),
    size: sizeOf(file, nvm),
    lifeCycle: LIFE_CYCLE_NAMES[lifeCycleOf(nvm, file)] ?? '?',
    read: file.isDirectory
      ? null
      : Object.fromEntries(INTERFACES.map((cardInterface) => [cardInterface, condition(cardInterface)])),
  };
}

/** Who may read: in words where the rule is compact; `vitap card explain` tells of the others. */
function ruleInWords(file: CardFile, cardInterface: (typeof INTERFACES)[number], image: CardImage): string {
  const attribute = file.attributeFor(cardInterface);
  if (attribute === null) return conditionInWords(file.condition(EF_ACCESS.READ, cardInterface), file, image);
  if (attribute.form === 'expanded') return 'an expanded rule';
  return `record ${recordFor(attribute, 1)} of ${hex(attribute.fid, 4)}`;
}

/** `always`, `never`, `code 81`, `the holder's unlock`: a security condition byte in words. */
function conditionInWords(condition: number, file: CardFile, image: CardImage): string {
  if (condition === 0x00) return 'always';
  if (condition === 0xff) return 'never';
  const parts: string[] = [];
  if (condition & 0x40) parts.push('secure messaging');
  const id = condition & 0x0f;
  const environment = image.environments.find((each) => each.id === id && each.directory === file.directory);
  if (condition & 0x20) {
    if (environment?.by === 'terminal') parts.push(terminalInWords(environment.right));
    else if (environment?.by === 'key')
      parts.push(`external authentication with key ${hex(environment.key.reference, 2)}`);
    else parts.push('external authentication');
  }
  if (condition & 0x10) {
    if (environment === undefined) parts.push('a code');
    else if (environment.by === 'holder') parts.push("the holder's unlock");
    else if (environment.by === 'verify') parts.push(`code ${hex(environment.pin.reference, 2)}`);
    else parts.push('a code');
  }
  return parts.join(condition & 0x80 ? ' and ' : ' or ');
}

function sizeOf(file: CardFile, nvm: Nvm): string {
  if (file.isDirectory) return '';
  if (file.isTransparent) return counted(file.dataSize, 'byte');
  if (file.hasDataObjects) return `room for ${counted(file.dataSize, 'byte')}`;
  return `${recordCount(nvm, file)} of ${counted(file.capacity, 'record')} of ${counted(file.recordSize, 'byte')}`;
}

function inTreeOrder(file: CardFile): CardFile[] {
  return [file, ...[...file.children.values()].flatMap(inTreeOrder)];
}

function pathOf(file: CardFile): string {
  return file.parent === file ? hex(file.fid, 4) : `${pathOf(file.parent)}/${hex(file.fid, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

function format(card: ShownCard): string {
  const lines = [
    `Profile    ${card.profile}, serial ${card.serial}, image format ${card.format}, ${card.bytes} bytes`,
    `Interface  ${card.interface}, ${card.protocol}, ATR ${card.atr}`,
    `Holder     ${card.holder}`,
    '',
    'Files',
  ];
  for (const file of card.files) {
    const id = '  '.repeat(file.depth + 1) + file.path.slice(-4);
    const what = [
      file.kind,
      file.name === null ? '' : `name ${file.name}`,
      file.label === null ? '' : `“${file.label}”`,
      file.sfi === null ? '' : `SFI ${file.sfi}`,
      file.size,
      file.lifeCycle === 'activated' ? '' : file.lifeCycle,
      file.read === null ? '' : `read: ${readRule(file.read)}`,
    ];
    lines.push(`${id.padEnd(Math.max(14, id.length + 1))}${what.filter((part) => part !== '').join(', ')}`);
  }
  lines.push('', 'Codes');
  for (const code of card.codes) lines.push(codeLine(code));
  lines.push(...keyLines(card.keys), ...trustLines(card.trust));
  return `${lines.map(shown).join('\n')}\n`;
}

function codeLine({ reference, of, password, tries, triesLeft, deactivated }: ShownCard['codes'][number]): string {
  const name = `  ${reference} of ${of.slice(-4)}${password === null ? '' : `, ${password} of PACE`}`;
  if (password === 'CAN') return `${name}: tries are not counted`;
  const suspended = password === 'PIN' && triesLeft === 1 ? ', suspended until the CAN' : '';
  return `${name}: ${triesLeft} of ${counted(tries, 'try', 'tries')} left${suspended}${deactivated ? ', deactivated' : ''}`;
}

function readRule(rules: Readonly<Record<string, string>>): string {
  const words = new Set(Object.values(rules));
  if (words.size === 1) return [...words][0] as string;
  return Object.entries(rules)
    .map(([cardInterface, rule]) => `${cardInterface} ${rule}`)
    .join('; ');
}
