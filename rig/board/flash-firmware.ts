import { imageNames } from '../card/image-name.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { listedPorts } from '../endpoint/ports.ts';
import { counted, spanInWords } from '../report/words.ts';
import { type BoardName, boardNameInWords, identifyNamed } from './board-name.ts';
import { type FirmwareImage, sizeOf } from './firmware/firmware-image.ts';
import {
  type ProgramBench,
  type Programmed,
  type ProgramOptions,
  programBoard,
  thisProgramBench,
} from './firmware/program-board.ts';
import { type FlashImage, readFlashImage } from './flash-image.ts';
import { operatorAt } from './operator.ts';
import { whose } from './run-phases.ts';

export interface FlashFirmwareOptions {
  readonly board: BoardName;
  readonly program: ProgramOptions;
  /** File of the card that goes with the firmware; null for none. */
  readonly image: string | null;
  readonly profile: string | null;
  readonly resume: boolean;
  /** The lab's key that names images; null: the one in the state folder. */
  readonly imageKey: string | null;
}

/**
 * `vitap board flash --firmware` of one board.
 * @returns 0 flashed, 1 the board is at fault
 */
export async function flashFirmware(
  options: FlashFirmwareOptions,
  io: CommandIo,
  given?: ProgramBench,
): Promise<ExitCode> {
  const { board, program } = options;
  const card = options.image === null ? null : readFlashImage(options.image, options.profile);
  const names = imageNames(options.imageKey, io.env);
  const operator = program.boot.how === 'operator' && io.stdinIsTty ? operatorAt(io) : null;
  const bench = given ?? (await thisProgramBench(operator?.instruct ?? null));
  const name = boardNameInWords(board);
  const identity = identifyNamed(board, board.target === 'uf2' ? [] : await listedPorts());
  const { backend } = identity;
  const common = { id: 'board-flash', backend, board: identity, target: board.target } as const;
  const startMs = performance.now();
  try {
    const done = await programBoard({
      board,
      options: program,
      bench,
      card,
      resume: options.resume,
      signal: io.signal,
      say: (text) => io.stderr(`${shown(`${name}: ${text}`)}\n`),
    });
    const durationMs = Math.round(performance.now() - startMs);
    if (io.json) {
      writeJson(io, {
        ...common,
        verdict: 'pass',
        firmware: firmwareOf(program.firmware, names),
        card: cardOf(card),
        ...done,
        durationMs,
      });
    } else
      io.stdout(`${shown(`${name} (${backend}) ${inWords(program, card, done)}`)}\n${repairsOf(done, durationMs)}`);
    return EXIT.pass;
  } catch (error) {
    const { verdict, reason } = whose(error, io.signal);
    if (verdict !== 'fail') {
      // The person who stopped it has to know what the board is now.
      if (io.signal.aborted && error instanceof Error) io.stderr(`vitap: ${shown(`${name}: ${error.message}`)}\n`);
      throw error;
    }
    io.stderr(`vitap: ${shown(`${name}: ${reason}`)}\n`);
    if (io.json) writeJson(io, { ...common, verdict, reason });
    return EXIT.fail;
  } finally {
    operator?.close();
  }
}

/** A firmware may hold a card and its codes: it is named as an image is. */
export function firmwareOf(firmware: FirmwareImage, names: ReturnType<typeof imageNames>): Record<string, unknown> {
  const { source, format, segments } = firmware;
  const whole = Buffer.concat(
    segments.flatMap(({ address, bytes }) => [Buffer.from(`${address}:${bytes.length}\n`), bytes]),
  );
  return { source, format, bytes: sizeOf(segments), imageName: names.of(whole) };
}

function cardOf(card: FlashImage | null): { readonly profile: string; readonly cardSerial: string } | null {
  return card === null ? null : { profile: card.profile, cardSerial: card.cardSerial };
}

function inWords(
  { firmware }: ProgramOptions,
  card: FlashImage | null,
  { chip, details, verified }: Programmed,
): string {
  const what =
    chip === null ? ('model' in details ? details.model : '') : `${chip.name}, number ${chip.uid ?? 'not given'}`;
  const with_ = card === null ? '' : ` and the card of ${card.source}`;
  return `has ${firmware.source}${with_}: ${what}; ${verified}.`;
}

function repairsOf({ details }: Programmed, durationMs: number): string {
  if (!('repairs' in details)) return `${spanInWords(durationMs)}.\n`;
  const { pagesErased, pagesKept, bytesWritten, repairs, started } = details;
  const count = Object.values(repairs).reduce((sum, each) => sum + each, 0);
  const kept = pagesKept === 0 ? '' : `, ${pagesKept} kept`;
  return `${counted(pagesErased, 'page')} erased${kept}, ${counted(bytesWritten, 'byte')} written, ${counted(count, 'repair')} on the line, ${spanInWords(durationMs)}; ${
    started ? 'its program was started' : 'it waits in its bootloader'
  }.\n`;
}
