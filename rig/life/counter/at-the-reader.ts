import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { ChannelChoice } from '../../channel/choice.ts';
import type { ChannelAccount } from '../../channel/open-channel.ts';
import { ReaderChannel } from '../../channel/reader-channel.ts';
import { SessionKeyRecorder } from '../../channel/session-key-file.ts';
import type { CommandIo } from '../../console/io.ts';
import { type PinChoice, readPin } from '../../console/pin.ts';
import { type OpenedReader, openReader } from '../../endpoint/open-reader.ts';
import type { ReaderAndCard } from '../../endpoint/reader-and-card.ts';
import { describeReader, unlockOnPhone } from '../../tap/reader-session.ts';
import { CardTerminal } from '../../tap/terminal.ts';
import { RecordedSession } from '../../trace/record/recorded-reader.ts';
import { traceSession } from '../../trace/record/session-trace.ts';
import type { RecordChoice } from '../../trace/record-choice.ts';
import { CounterFailure } from './failures.ts';

/** The reader on the counter, and what opens a channel through it. */
export interface CounterReader extends ReaderAndCard {
  readonly channel: ChannelChoice;
  /** For a card of ours in process alone, whose holder is here too: the code, typed on its phone. */
  readonly pin: PinChoice;
  readonly record: RecordChoice;
  readonly timeoutMs: number;
  /** In the place of `reader` and `card`: a reader with a phone of this process on it. */
  readonly open?: () => Promise<OpenedReader>;
}

/** A card in an open channel. */
export interface CardAtReader {
  readonly terminal: CardTerminal;
  readonly account: ChannelAccount;
  /** For a person. */
  readonly reader: string;
}

/**
 * Opens the reader and a channel with the card in it, and leaves both as they were found.
 * @param program what writes a trace: `vitap counter tap`
 * @throws {CounterFailure} {ChannelFailure} {HalError}
 */
export async function atTheReader<T>(
  program: string,
  options: CounterReader,
  io: CommandIo,
  use: (card: CardAtReader) => Promise<T>,
): Promise<T> {
  // Without a terminal to ask on: in the words of the options that a counter has.
  const { codeFile } = options.channel;
  if (codeFile === null && (io.env.VITAP_CAN ?? '') === '' && !io.stdinIsTty) throw new CounterFailure('no-can');
  const code = options.card === null ? null : await readPin(options.pin, io);
  const channel = await ReaderChannel.from(options.channel, io, false);
  try {
    if (channel === null) throw new CounterFailure('no-can');
    // Of two programs at one reader one has the card: their commands would end each other’s channel.
    const source = await (options.open?.() ??
      openReader(options.reader, { ...options, exclusive: true, signal: io.signal }));
    try {
      const typed =
        code === null ? null : await unlockOnPhone(source, code, { timeoutMs: options.timeoutMs, signal: io.signal });
      if (typed?.outcome === 'wrong') throw new CounterFailure('wrong-code');
      if (typed?.outcome === 'blocked') throw new CounterFailure('blocked-code');
      const startNs = systemClock.nowNs();
      const session = await source.reader.connect({
        timeoutMs: options.timeoutMs,
        signal: io.signal,
        ...(source.name === null ? {} : { reader: source.name }),
      });
      const keys = options.channel.sessionKeys === null ? null : new SessionKeyRecorder(options.channel.sessionKeys);
      const trace = await traceSession(
        source,
        session,
        options.record,
        { source: program, sessionKeys: keys?.id ?? null },
        { originNs: startNs },
      );
      trace?.power('on', systemClock.nowNs(), session.atr);
      const wire = trace === null ? session : new RecordedSession(session, trace, systemClock);
      try {
        return await inChannel(wire, channel, io, keys, describeReader(source, session), use);
      } finally {
        // What was proven must not wait there for the next program.
        await wire.disconnect('reset').catch(() => wire.disconnect());
        await trace?.close();
        keys?.write();
      }
    } finally {
      await source.close();
    }
  } finally {
    code?.fill(0);
    channel?.wipe();
  }
}

async function inChannel<T>(
  wire: CardSession,
  channel: ReaderChannel,
  io: CommandIo,
  keys: SessionKeyRecorder | null,
  reader: string,
  use: (card: CardAtReader) => Promise<T>,
): Promise<T> {
  const terminal = new CardTerminal(wire, { signal: io.signal });
  const open = await channel.open(wire, io.signal, keys === null ? {} : { onKeys: keys.add });
  if (open === null) throw new CounterFailure('no-pace');
  terminal.enter(open);
  try {
    return await use({ terminal, account: open.account, reader });
  } finally {
    open.session.leave();
  }
}
