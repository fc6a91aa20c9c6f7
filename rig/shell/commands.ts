import { toHex } from '../../src/apdu/hex.ts';
import { channelInWords } from '../channel/words.ts';
import { CannotRun } from '../console/failure.ts';
import { shown } from '../console/shown.ts';
import { askWhy, dataObject, moveToChannel, printTree, readFile, readOneRecord, verifyCode } from './card-commands.ts';
import type { SeenOnCard } from './desk.ts';
import { type Desk, selectTarget } from './desk.ts';
import { KNOWN_APPLICATIONS, targetNames } from './known-files.ts';
import type { MacroTable } from './macros.ts';
import { parseLine, ScriptError, type ScriptLine } from './script.ts';
import { SECURE_WORDS, secureAction } from './secure-command.ts';
import { parseTarget } from './target.ts';

/** What a line does, when it was found to be good. */
export type Action = (desk: Desk) => Promise<void>;

/** What lines are checked against. */
export interface Preparation {
  /** Bytes of a command that the reader carries. */
  readonly longest: number;
  readonly macros: MacroTable;
  /** Told that a line opens a channel itself. */
  readonly opensChannel?: () => void;
  /** Told that a code will be needed. */
  readonly needsCode: () => void;
  /** Macros that this line is in, outermost first. */
  readonly inside?: readonly string[];
}

/** What can stand in the place of a word: for completion. */
interface Offer {
  readonly seen: SeenOnCard;
  readonly macros: MacroTable;
  /** Told that a line opens a channel itself. */
  readonly opensChannel?: () => void;
}

export interface ShellCommand {
  readonly name: string;
  /** `read [SFI|FILE]` */
  readonly usage: string;
  readonly words: string;
  /** What may stand as the first word after the name. */
  readonly offers?: (offer: Offer) => readonly string[];
  /** Checks the words after the name. @throws {ScriptError} */
  readonly prepare: (words: readonly string[], preparation: Preparation) => Action;
}

const targets = ({ seen }: Offer): readonly string[] => [...targetNames(seen.names), ...seen.files, ...seen.names];

/** Every command of the shell in words. A row is all that there is of a command: check, help, completion. */
export const COMMANDS: readonly ShellCommand[] = [
  {
    name: 'select',
    usage: 'select FILE',
    words:
      'select an application or a file: a name, 2F00, 3F00/2F00, apcv/invoices, an AID, .. for the directory above',
    offers: targets,
    prepare: ([text, ...more], _) => {
      noMore(more);
      const target = parseTarget(required(text, 'what to select is missing: select FILE'));
      return async (desk) => void (await selectTarget(desk, target));
    },
  },
  {
    name: 'read',
    usage: 'read [SFI|FILE]',
    words: 'read the current file, a file by its short identifier (1 to 30), or a file that is selected first',
    offers: targets,
    prepare: ([text, ...more]) => {
      noMore(more);
      if (text === undefined) return (desk) => readFile(desk, 0);
      if (/^\d{1,2}$/.test(text)) {
        const sfi = wholeNumber(text, 1, 30, 'a short identifier');
        return (desk) => readFile(desk, sfi);
      }
      const target = parseTarget(text);
      return async (desk) => {
        const { facts } = await selectTarget(desk, target);
        if (facts !== null) await readFile(desk, 0);
      };
    },
  },
  {
    name: 'record',
    usage: 'record N [SFI] | record FILE|off',
    words: 'read record N of the current file or of SFI; or write a trace to FILE until `record off`',
    offers: () => ['off'],
    prepare: ([text, second, ...more]) => {
      noMore(more);
      const what = required(text, 'which record, or which file to record to, is missing');
      if (/^\d+$/.test(what)) {
        const number = wholeNumber(what, 0, 254, 'a record');
        const sfi = second === undefined ? 0 : wholeNumber(second, 1, 30, 'a short identifier');
        return (desk) => readOneRecord(desk, number, sfi);
      }
      noMore(second === undefined ? [] : [second]);
      return async (desk) => {
        if (what !== 'off') {
          await desk.card.record(what);
          desk.say(`recording to ${what}`);
          return;
        }
        const path = await desk.card.stopRecording();
        desk.say(path === null ? 'nothing was recorded' : `the trace is ${path}`);
      };
    },
  },
  {
    name: 'data',
    usage: 'data TAG',
    words: 'GET DATA of one data object',
    offers: ({ seen }) => [...seen.tags],
    prepare: ([text, ...more]) => {
      noMore(more);
      if (!/^([0-9A-F]{2}){1,2}$/i.test(text ?? '')) throw new ScriptError('a tag has two or four hexadecimal digits');
      const tag = Number.parseInt(text as string, 16);
      return (desk) => dataObject(desk, tag);
    },
  },
  {
    name: 'verify',
    usage: 'verify [CODE] [--ref 81]',
    words: 'VERIFY a code; without CODE it is asked for and not shown, or comes from --pin-file or VITAP_PIN',
    offers: () => ['--ref'],
    prepare: (words, { needsCode }) => {
      const { reference, rest } = referenceIn(words);
      noMore(rest.slice(1));
      const [code] = rest;
      if (code === undefined) {
        needsCode();
        return (desk) => verifyCode(desk, reference, null);
      }
      // The sentence does not repeat what was typed.
      if (!/^\d{1,12}$/.test(code))
        throw new ScriptError('a code has 1 to 12 digits; any other VERIFY is typed in hexadecimal');
      return (desk) => verifyCode(desk, reference, Uint8Array.from(Buffer.from(code)));
    },
  },
  {
    name: 'channel',
    usage: 'channel [open|close|N]',
    words: 'open a logical channel and go to it, close the one in use, or go to channel N; commands in words follow',
    offers: () => ['open', 'close'],
    prepare: ([text, ...more]) => {
      noMore(more);
      if (text === undefined || text === 'open' || text === 'close')
        return (desk) => moveToChannel(desk, text ?? 'show');
      const channel = wholeNumber(text, 0, 19, 'a logical channel');
      return (desk) => moveToChannel(desk, channel);
    },
  },
  {
    name: 'secure',
    usage: 'secure [open|can|pin|puk|mrz|show|leave]',
    words:
      'open a secure channel (PACE) with a code, which is asked for or comes from --channel-file or VITAP_CAN and the like; show it; leave it',
    offers: () => SECURE_WORDS,
    prepare: ([word, ...more], { opensChannel }) => {
      noMore(more);
      const action = secureAction(word);
      if (word !== undefined && word !== 'show' && word !== 'leave') opensChannel?.();
      return action;
    },
  },
  {
    name: 'reset',
    usage: 'reset [warm|cold]',
    words: 'reset the card, and show its ATR',
    offers: () => ['warm', 'cold'],
    prepare: ([mode = 'warm', ...more]) => {
      noMore(more);
      if (mode !== 'warm' && mode !== 'cold') throw new ScriptError('a reset is warm or cold');
      return async (desk) => {
        desk.file = null;
        await desk.card.reset(mode);
        desk.say(`ATR ${toHex(desk.card.atr, ' ')}`);
      };
    },
  },
  {
    name: 'atr',
    usage: 'atr',
    words: 'show the ATR and the protocol',
    prepare: (words) => {
      noMore(words);
      return async ({ card, say }) => say(`ATR ${toHex(card.atr, ' ')}, ${card.protocol}`);
    },
  },
  {
    name: 'tree',
    usage: 'tree',
    words:
      'look for every application and file that is known here or that the card has told; selects the MF in the end',
    prepare: (words) => {
      noMore(words);
      return printTree;
    },
  },
  {
    name: 'explain',
    usage: 'explain',
    words: 'ask the card for the rule of what it refused (6982); this selects files',
    prepare: (words) => {
      noMore(words);
      return askWhy;
    },
  },
  {
    name: 'unlock',
    usage: 'unlock',
    words: 'unlock a card of ours in process on its phone, with the code',
    prepare: (words, { needsCode }) => {
      noMore(words);
      needsCode();
      return unlockOnPhone;
    },
  },
  {
    name: 'status',
    usage: 'status',
    words: 'show reader, card, channel, file, and trace',
    prepare: (words) => {
      noMore(words);
      return showStatus;
    },
  },
  {
    name: 'reconnect',
    usage: 'reconnect',
    words: 'begin a new session, after the card was pulled or a command never ended',
    prepare: (words) => {
      noMore(words);
      return async (desk) => {
        desk.file = null;
        await desk.card.connect();
        desk.say(`ATR ${toHex(desk.card.atr, ' ')}, ${desk.card.protocol}`);
      };
    },
  },
  {
    name: 'macro',
    usage: 'macro [define NAME COMMAND; COMMAND… | delete NAME]',
    words: 'list macros, define one, or delete one; they stay for the next session and hold no code',
    offers: () => ['define', 'delete'],
    prepare: prepareMacro,
  },
  {
    name: 'run',
    usage: 'run MACRO',
    words: 'run the commands of a macro',
    offers: ({ macros }) => macros.names,
    prepare: ([name, ...more], preparation) => {
      noMore(more);
      return prepareRun(required(name, 'which macro to run is missing'), preparation);
    },
  },
  {
    name: 'help',
    usage: 'help',
    words: 'show this',
    prepare: (words) => {
      noMore(words);
      return async ({ say }) => say(helpText());
    },
  },
  {
    name: 'quit',
    usage: 'quit',
    words: 'end the session, with a reset of the card',
    prepare: (words) => {
      noMore(words);
      return async (desk) => {
        desk.over = true;
      };
    },
  },
];

/** A line that was found to be good, and what it does; null for an empty one. @throws {ScriptError} */
export function prepareLine(
  text: string,
  preparation: Preparation,
): { readonly line: ScriptLine; readonly action: Action } | null {
  const line = parseLine(text, preparation.longest);
  if (line === null) return null;
  if (line.kind === 'apdu') {
    const { apdu } = line;
    const action: Action = async (desk) => {
      desk.file = null;
      await desk.card.transmit(apdu);
    };
    return { line, action };
  }
  const [name = '', ...words] = line.words;
  const row = COMMANDS.find((each) => each.name === name.toLowerCase());
  // What stands after an unknown command may be a code: it is not repeated.
  if (row === undefined)
    throw new ScriptError(`there is no command of this name; \`help\` lists them, and an APDU is hexadecimal`);
  return { line, action: row.prepare(words, preparation) };
}

function helpText(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => (usage.length <= 24 ? usage.length : 0)));
  const rows = COMMANDS.map(({ usage, words }) =>
    usage.length <= width ? `  ${usage.padEnd(width)}  ${words}` : `  ${usage}\n  ${' '.repeat(width)}  ${words}`,
  );
  const names = KNOWN_APPLICATIONS.map(({ name }) => name).join(', ');
  return [
    ...rows,
    '  Anything in hexadecimal is sent as it is. `=9000` after a command states its status word, X for any digit.',
    `  Applications with a name: mf, ${names}.`,
  ].join('\n');
}

function prepareMacro(words: readonly string[], preparation: Preparation): Action {
  const { macros } = preparation;
  const [verb, name, text, ...more] = words;
  noMore(more);
  if (verb === undefined) {
    return async ({ say }) =>
      say(
        macros.names.map((each) => shown(`${each}: ${macros.commands(each).join('; ')}`)).join('\n') ||
          'no macro is defined',
      );
  }
  const named = required(name, 'the name of the macro is missing');
  if (verb === 'delete') {
    noMore(text === undefined ? [] : [text]);
    macros.remove(named);
  } else if (verb === 'define') {
    const commands = required(text, 'the commands of the macro are missing: macro define NAME COMMAND; COMMAND');
    for (const command of commands.split(';')) prepareLine(command, { ...preparation, needsCode: () => {} });
    macros.define(named, commands);
  } else throw new ScriptError('a macro is defined or deleted: macro define NAME COMMAND; COMMAND, macro delete NAME');
  return async () => macros.save();
}

function prepareRun(name: string, preparation: Preparation): Action {
  const inside = preparation.inside ?? [];
  if (inside.includes(name)) throw new ScriptError(`the macro ${name} runs itself`);
  const nested = { ...preparation, inside: [...inside, name] };
  const lines = preparation.macros.commands(name).map((command) => prepareLine(command, nested));
  return async (desk) => {
    for (const each of lines) if (each !== null && !desk.over) await each.action(desk);
  };
}

async function unlockOnPhone(desk: Desk): Promise<void> {
  const { own } = desk.card;
  const { PhoneScreen, unlockInWords, unlockOnce, unlockThere } = await import('../card/phone-screen.ts');
  if (own === null) {
    const there = await desk.card.screen();
    if (there === null) {
      throw new CannotRun(
        'only a card of ours in process or on a board has its phone here: this one is unlocked by its holder',
      );
    }
    const code = await desk.code();
    try {
      return desk.say(unlockInWords(await unlockThere(there, code)));
    } finally {
      code.fill(0);
    }
  }
  const screen = new PhoneScreen(own.opened.card);
  desk.say(unlockInWords(unlockOnce(screen, await desk.code())));
}

async function showStatus({ card, file, say }: Desk): Promise<void> {
  const facts = [
    ...(file?.fid == null ? [] : [file.fid.toString(16).toUpperCase().padStart(4, '0')]),
    ...(file === null || file.structure === 'unknown' ? [] : [file.structure]),
  ];
  say(
    [
      `reader    ${card.reader}`,
      `card      ATR ${toHex(card.atr, ' ')}, ${card.protocol}`,
      `channel   ${card.channel}`,
      `secure    ${card.channelOpen === null ? 'no: commands go in clear' : channelInWords(card.channelOpen.account)[0]}`,
      `file      ${facts.length === 0 ? 'as the card has it' : facts.join(', ')}`,
      `sent      ${card.exchanges}`,
      `trace     ${card.tracePath ?? 'none'}`,
    ].join('\n'),
  );
}

function referenceIn(words: readonly string[]): { readonly reference: number; readonly rest: readonly string[] } {
  const at = words.indexOf('--ref');
  if (at < 0) return { reference: CODE_REFERENCE, rest: words };
  const text = words[at + 1] ?? '';
  if (!/^[0-9A-F]{2}$/i.test(text)) throw new ScriptError('a reference has two hexadecimal digits: --ref 81');
  return { reference: Number.parseInt(text, 16), rest: words.filter((_, index) => index !== at && index !== at + 1) };
}

/** The holder's code of our own application. */
const CODE_REFERENCE = 0x81;

function wholeNumber(text: string, least: number, most: number, what: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new ScriptError(`${what} is a number from ${least} to ${most}`);
}

function required(text: string | undefined, sentence: string): string {
  if (text === undefined || text === '') throw new ScriptError(sentence);
  return text;
}

function noMore(words: readonly string[]): void {
  if (words.length > 0)
    throw new ScriptError('there are more words than this command takes; `help` shows what it takes');
}
