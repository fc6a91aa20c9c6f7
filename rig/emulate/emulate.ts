import type { CardInterface, LinkEvent } from '../../src/hal/card-link.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { PhoneScreen, unlockInWords, unlockOnce } from '../card/phone-screen.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJsonLine } from '../console/io.ts';
import { readPin } from '../console/pin.ts';
import { shown } from '../console/shown.ts';
import { linkDriver } from '../endpoint/links.ts';
import { openLink } from '../endpoint/open-link.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { recordLink } from '../trace/record/record-link.ts';
import { TraceWriter } from '../trace/writer.ts';
import { cardToEmulate } from './chosen-card.ts';
import { listenToHolder } from './holder-console.ts';
import type { EmulateOptions } from './options.ts';
import { warmUp } from './warm-up.ts';

/**
 * `vitap emulate`: is a card until Ctrl-C. What a reader does is said line by line; with `--json` a line is an object.
 * The holder's words (unlock, lock, status, quit) come on standard input.
 */
export async function emulate(options: EmulateOptions, io: CommandIo): Promise<ExitCode> {
  const say = speaker(io);
  const opened = await openCard(await cardToEmulate(options, io.env), { onFault: (fault) => say.fault(fault) });
  try {
    return await serve(opened, options, io, say);
  } finally {
    opened.close();
  }
}

async function serve(opened: OpenedCard, options: EmulateOptions, io: CommandIo, say: Speaker): Promise<ExitCode> {
  // An antenna is contactless whatever the card usually is; a virtual reader is what the card is.
  const driver = linkDriver(options.link);
  const cardInterface: CardInterface = options.interface ?? driver.interface ?? opened.card.defaultInterface;
  const screen = new PhoneScreen(opened.card);
  if (options.unlock) await unlockAtStart(screen, options, io, say);
  await warmUp(opened, cardInterface, driver.rehearse);
  const link = await openLink(options.link, cardInterface, options.wait);
  const port = opened.card.port(cardInterface, link.limits);
  const trace = await openTrace(opened, cardInterface, options, link.name);
  const stop = (): void => link.stop();
  io.signal.addEventListener('abort', stop);
  const stopListening = listenToHolder({ screen, io, say: (text) => say.line('holder', text), quit: stop });
  say.line('start', `${opened.description}: ${cardInterface}, on ${link.name}, ready. Ctrl-C ends it.`);
  try {
    await link.serve(port, (event) => {
      if (trace !== null) recordLink(trace, event, port.atr());
      sayEvent(say, event, driver.peer);
    });
  } finally {
    stopListening();
    io.signal.removeEventListener('abort', stop);
    await trace?.close();
  }
  return EXIT.pass;
}

async function unlockAtStart(screen: PhoneScreen, options: EmulateOptions, io: CommandIo, say: Speaker): Promise<void> {
  const code = await readPin(options.pin, io);
  if (code === null) throw new CannotRun('--unlock needs the code: --pin, --pin-file FILE, or VITAP_PIN');
  const result = unlockOnce(screen, code);
  if (result.outcome !== 'unlocked') throw new CannotRun(unlockInWords(result));
  say.line('holder', screen.status());
}

async function openTrace(
  opened: OpenedCard,
  cardInterface: CardInterface,
  options: EmulateOptions,
  reader: string,
): Promise<TraceWriter | null> {
  const { file } = options.record;
  if (file === null) return null;
  const card = opened.card.image.profile;
  const description = {
    source: 'vitap emulate',
    backend: await linkDriver(options.link).backend(options.link),
    reader,
    interface: cardInterface,
    atr: opened.card.atr,
    card,
    cardSeed: opened.seed,
  } as const;
  return TraceWriter.create(file, description, secrecyOf(options.record));
}

interface Speaker {
  line(event: string, text: string): void;
  fault(fault: unknown): void;
}

function speaker(io: CommandIo): Speaker {
  const line = (event: string, text: string): void => {
    if (io.json) writeJsonLine(io, { event, text });
    else io.stdout(`${shown(text)}\n`);
  };
  return {
    line,
    fault: (fault) => {
      const why = fault instanceof Error ? fault.message : String(fault);
      io.stderr(`The card answered with an error of its own: ${shown(why)}\n`);
    },
  };
}

const EVENTS: Readonly<Partial<Record<LinkEvent['type'], string>>> = {
  attached: 'The reader is there.',
  lost: 'The reader has gone; waiting for it to come back.',
  waiting: 'The reader takes no notice: another card emulator seems to hold this slot. Waiting.',
  'power-on': 'Power on.',
  reset: 'Reset.',
  'field-off': 'Power off.',
  deselect: 'Deselected.',
};

/** Exchanges are not said: a reader makes hundreds a second. A trace has them. */
function sayEvent(say: Speaker, event: LinkEvent, other: 'reader' | 'board'): void {
  const text = EVENTS[event.type]?.replace('reader', other);
  if (text !== undefined) say.line(event.type, text);
}
