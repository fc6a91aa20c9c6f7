import { isAskedFor, PACE_CODES, type PaceCode } from '../channel/choice.ts';
import { ReaderChannel } from '../channel/reader-channel.ts';
import { channelInWords } from '../channel/words.ts';
import type { CommandIo } from '../console/io.ts';
import type { Desk } from './desk.ts';
import type { ShellOptions } from './options.ts';
import { ScriptError } from './script.ts';

/* The command `secure`: opens, shows and leaves the secure channel. */

const TIMES = ['exchanges', 'ms'] as const;

/** What stands after `secure`. @throws {ScriptError} */
export function secureAction(word: string | undefined): (desk: Desk) => Promise<void> {
  if (word === undefined || word === 'show') return async (desk) => desk.say(channelLines(desk).join('\n'));
  if (word === 'leave') return leaveChannel;
  const code = word === 'open' ? null : PACE_CODES.find((each) => each === word.toLowerCase());
  if (code === undefined) {
    throw new ScriptError('a secure channel is opened with can, pin, puk or mrz; `secure leave` leaves it');
  }
  return (desk) => openChannel(desk, code);
}

/** At the start, where an option asks for a channel: opens it, and says so in one line. @throws {ChannelFailure} {CannotRun} */
export async function openChannelAtStart(desk: Desk, options: ShellOptions): Promise<void> {
  if (!isAskedFor(options.channel)) return;
  const channel = await desk.channel(null);
  try {
    await desk.card.secure(channel);
  } finally {
    channel.wipe();
  }
  const opened = desk.card.channelOpen;
  if (opened !== null) desk.say(`Channel  ${channelInWords(opened.account).join('; ')}`);
}

/** What completes the word after `secure`. */
export const SECURE_WORDS: readonly string[] = ['open', ...PACE_CODES, 'show', 'leave'];

/** @throws {CannotRun} no code; {UsageError} nowhere to ask */
export async function shellChannel(
  { channel, card }: ShellOptions,
  code: PaceCode | null,
  io: CommandIo,
): Promise<ReaderChannel> {
  const wanted = code ?? channel.code ?? 'can';
  // A file that was named for one code holds no other.
  const codeFile = wanted === (channel.code ?? 'can') ? channel.codeFile : null;
  const opener = await ReaderChannel.from({ ...channel, code: wanted, codeFile }, io, card !== null);
  return opener as ReaderChannel;
}

async function openChannel(desk: Desk, code: PaceCode | null): Promise<void> {
  const channel = await desk.channel(code);
  try {
    desk.file = null;
    await desk.card.secure(channel);
  } finally {
    channel.wipe();
  }
  desk.say(channelLines(desk).join('\n'));
}

async function leaveChannel(desk: Desk): Promise<void> {
  const was = desk.card.leaveChannel();
  desk.say(
    was ? 'the channel was left: its keys are gone, and the card learns of it with the next command' : NO_CHANNEL,
  );
}

const NO_CHANNEL = 'no secure channel is open: commands go in clear';

function channelLines({ card }: Desk): string[] {
  const opened = card.channelOpen;
  if (opened === null) return [NO_CHANNEL];
  const width = Math.max(...opened.steps.map(({ step }) => step.length));
  const rows = opened.steps.map(({ step, exchanges, tookNs }) => {
    const values = [`${exchanges}`.padStart(3), (tookNs / 1e6).toFixed(3).padStart(10)];
    return `  ${step.padEnd(width)}  ${values.map((value, i) => `${value} ${TIMES[i]}`).join('')}`;
  });
  return [...channelInWords(opened.account), ...rows];
}
