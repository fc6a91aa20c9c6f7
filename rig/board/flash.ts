import { hostname } from 'node:os';
import { imageNames } from '../card/image-name.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { stateFolder } from '../console/state-folder.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import { flashBoard } from './flash-board.ts';
import { readFlashImage } from './flash-image.ts';
import { type Bench, thisBench } from './open-board.ts';
import { recordedVerifier } from './recorded-verifier.ts';
import { whose } from './run-phases.ts';

export interface FlashOptions {
  readonly port: string;
  readonly image: string;
  /** The profile that the image must be of, or null. */
  readonly profile: string | null;
  readonly verifyWith: string | null;
  /** Over a card that was written into since it was flashed. */
  readonly force: boolean;
  readonly serialNumber: string | null;
  /** The lab's key that names images; null: the one in the state folder. */
  readonly imageKey: string | null;
  /** How to record the reading back; absent: no trace. */
  readonly record?: RecordChoice;
}

/**
 * `vitap board flash` of one board.
 * @returns 0 flashed, 1 the board is at fault
 */
export async function flash(options: FlashOptions, io: CommandIo, bench?: Bench): Promise<ExitCode> {
  // First: a wrong image must not even wake the board.
  const image = readFlashImage(options.image, options.profile);
  const names = imageNames(options.imageKey, io.env);
  const { open, verifier } = bench ?? (await thisBench());
  const reads = options.verifyWith === null ? null : verifier(options.verifyWith);
  const board = await open(options.port);
  const recorded = await recordedVerifier(reads, options.record, board.identity.backend);
  try {
    const flashed = await flashBoard({
      board,
      image,
      names,
      force: options.force,
      serialNumber: options.serialNumber,
      station: io.env.VITAP_STATION ?? hostname(),
      folder: stateFolder(io.env),
      verifier: recorded.verifier,
      signal: io.signal,
      say: (text) => io.stderr(`${shown(`${board.name}: ${text}`)}\n`),
    });
    const { profile, cardSerial, source } = image;
    const { backend } = board.identity;
    if (io.json) {
      writeJson(io, {
        id: 'board-flash',
        verdict: 'pass',
        backend,
        board: board.identity,
        profile,
        cardSerial,
        source,
        imageName: names.of(image.contents),
        ...flashed,
      });
    } else {
      io.stdout(
        `${shown(`${board.name} (${backend}) has the card of ${source}: profile ${profile}, ${flashed.verified}.`)}\n\`vitap emulate --link ${shown(board.name)}\` is that card.\n`,
      );
    }
    return EXIT.pass;
  } catch (error) {
    const { verdict, reason } = whose(error, io.signal);
    if (verdict !== 'fail') throw error;
    io.stderr(`vitap: ${shown(`${board.name}: ${reason}`)}\n`);
    const { backend } = board.identity;
    if (io.json) writeJson(io, { id: 'board-flash', verdict, backend, board: board.identity, reason });
    return EXIT.fail;
  } finally {
    await recorded.close();
  }
}
