import { toHex } from '../../../src/apdu/hex.ts';
import { sameBytes } from '../../../src/apdu/same-bytes.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { pause, type Timers } from '../../../src/hal/pn532/transport.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';
import { CannotRun } from '../../console/failure.ts';
import { counted } from '../../report/words.ts';
import { type FirmwareImage, hexAddress } from '../firmware/firmware-image.ts';
import { NOT_CHANGED, withWords } from '../left-as.ts';
import { BoardFault } from '../phase.ts';
import { LARGEST_BLOCK, TIME_LIMIT } from './an3155.ts';
import type { BootLines } from './boot-lines.ts';
import { Refused, Stm32Bootloader } from './bootloader.ts';
import { ByteLine } from './byte-line.ts';
import { CHIPS, type Chip, chipIdInWords, chipOf, usableFlash } from './chips.ts';
import { refuseMisfit } from './fit.ts';
import { type Block, leastWireBytes, type PagePlan, planPages } from './plan.ts';

/** What is known of the chip on a board. */
export interface ChipSeen {
  readonly id: string;
  readonly name: string;
  /** Its unique number, 12 bytes in hex; null where the bootloader does not give it. */
  readonly uid: string | null;
  /** KiB as the chip says; null where it does not. */
  readonly flashKib: number | null;
  /** Of the bootloader, as `3.1`. */
  readonly bootloader: string;
}

/** What was needed beyond the plan. */
export interface FlashRepairs {
  /** The bootloader was brought back into step. */
  readonly resynchronised: number;
  readonly blocksAgain: number;
  /** Read twice, since what came first was not what was to come. */
  readonly readsAgain: number;
  readonly pagesAgain: number;
}

export interface FlashedChip {
  readonly chip: ChipSeen;
  readonly pagesErased: number;
  /** Pages that held what they were to hold. */
  readonly pagesKept: number;
  readonly bytesWritten: number;
  readonly repairs: FlashRepairs;
  /** Bytes on the line, both ways, and how many it takes at least. */
  readonly wireBytes: number;
  readonly leastWireBytes: number;
  readonly started: boolean;
}

export interface FlashStm32Job {
  readonly line: SerialLine;
  readonly boot: BootLines;
  readonly timers: Timers;
  /** What goes onto this board; asked when its chip is known. */
  readonly image: FirmwareImage;
  /** Identifier that the chip must have; null for any that is known. */
  readonly chip: number | null;
  /** Takes protections away, with what they protect. */
  readonly unprotect: boolean;
  /** Reads first, and keeps pages that are right. */
  readonly resume: boolean;
  /** Starts the new program at the end. */
  readonly start: boolean;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** Told of the chip before anything is erased; may refuse it. */
  readonly seen?: (chip: ChipSeen) => void;
}

/** How far a board has come: what it is when something goes wrong. */
type Stage = 'as it was' | 'erasing' | 'torn' | 'last block' | 'written' | 'read back';

const LEFT_AS: Readonly<Record<Stage, string>> = {
  'as it was': NOT_CHANGED,
  erasing: 'the board has its old program still, or is in its bootloader without one that starts; flash it again',
  torn: 'the board is in its bootloader without a program that starts; flash it again',
  'last block':
    'the new program is there whole, or the board is in its bootloader with all of it but its start; flash it again with --resume',
  written: 'the new program was sent whole and not read back whole: it may start; flash it again with --resume',
  'read back': 'the new program is there and was read back; reset the board to start it',
};

const TRIES = 3;
/** A few bytes of a page tell whether it was erased. */
const BLANK = new Uint8Array(16).fill(0xff);
/** Page numbers that a sentence names. */
const MOST_NAMED = 8;

/**
 * Flashes one board: finds its bootloader, makes sure that the image is for it, erases, writes, reads back, starts.
 * The block with the vector table is written last.
 * @throws {CannotRun} the image or the options are not for this board; {BoardFault} the board; {HalError} the port. Each says what the board has become.
 */
export async function flashStm32(job: FlashStm32Job): Promise<FlashedChip> {
  const work = new Flashing(job);
  try {
    return await work.run();
  } catch (error) {
    throw withState(error, work.stage, job.signal);
  }
}

class Flashing {
  stage: Stage = 'as it was';
  readonly #job: FlashStm32Job;
  readonly #line: ByteLine;
  readonly #bootloader: Stm32Bootloader;
  readonly #repairs = { resynchronised: 0, blocksAgain: 0, readsAgain: 0, pagesAgain: 0 };
  #chip: Chip | null = null;

  constructor(job: FlashStm32Job) {
    this.#job = job;
    this.#line = new ByteLine(job.line, job.timers, job.signal);
    this.#bootloader = new Stm32Bootloader(this.#line);
  }

  async run(): Promise<FlashedChip> {
    const job = this.#job;
    job.say('looking for the bootloader');
    await job.boot.enter();
    const { chip, seen } = await this.#recognise();
    job.seen?.(seen);
    const size = usableFlash(chip, seen.flashKib === null ? null : seen.flashKib * 1024);
    refuseMisfit(job.image, chip, size);
    const plans = planPages(job.image.segments, chip, size);
    await this.#refuseWriteProtected(plans);
    job.signal.throwIfAborted();
    const todo = job.resume ? await this.#wrongPages(plans) : plans;
    if (todo.length > 0) await this.#write(todo);
    this.stage = 'written';
    // What was kept was read already.
    await this.#verify(todo);
    this.stage = 'read back';
    const started = job.start && (await this.#start(chip));
    return {
      chip: seen,
      pagesErased: todo.length,
      pagesKept: plans.length - todo.length,
      bytesWritten: todo.flatMap(({ blocks }) => blocks).reduce((sum, { bytes }) => sum + bytes.length, 0),
      repairs: { ...this.#repairs },
      wireBytes: this.#line.sent + this.#line.heard,
      leastWireBytes: leastWireBytes(plans),
      started,
    };
  }

  async #recognise(): Promise<{ readonly chip: Chip; readonly seen: ChipSeen }> {
    const loader = this.#bootloader;
    await loader.sync();
    const { version } = await this.#again(() => loader.get()).catch((error: unknown) => {
      throw error instanceof HalError && error.kind === 'timeout' ? noCommands(error) : error;
    });
    await this.#again(() => loader.getVersion());
    const id = await this.#again(() => loader.getId());
    const words = chipIdInWords(id);
    const { chip: wanted } = this.#job;
    if (wanted !== null && id !== wanted) {
      throw new BoardFault(
        `the chip is ${words}${nameOf(id)}, not ${chipIdInWords(wanted)}${nameOf(wanted)} as --chip says`,
      );
    }
    const chip = chipOf(id);
    if (chip === null) {
      const known = CHIPS.map((each) => `${chipIdInWords(each.id)} ${each.name}`).join(', ');
      throw new CannotRun(`the chip has the identifier ${words}, whose flash is not known here; known are ${known}`);
    }
    this.#chip = chip;
    const block = await this.#identity(chip);
    const { uid, flashSize } = chip.identity;
    const kib = block === null ? null : block[flashSize]! | (block[flashSize + 1]! << 8);
    return {
      chip,
      seen: {
        id: words,
        name: chip.name,
        uid: block === null ? null : toHex(block.subarray(uid, uid + 12)),
        // An erased or unreadable word says nothing.
        flashKib: kib === 0 || kib === 0xffff ? null : kib,
        bootloader: `${version >> 4}.${version & 0x0f}`,
      },
    };
  }

  /** @returns null where this bootloader does not let it be read */
  async #identity(chip: Chip): Promise<Uint8Array | null> {
    const read = (): Promise<Uint8Array> => this.#bootloader.read(chip.identity.address, LARGEST_BLOCK);
    try {
      return await this.#again(read);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Refused as a command: nothing may be read at all.
      if (!error.atOnce) return null;
    }
    if (!this.#job.unprotect) {
      throw new BoardFault(
        `the flash is protected from being read out, so nothing can be written; --unprotect takes the protection away and erases the whole flash of the ${chip.name}`,
      );
    }
    this.#job.say('taking the readout protection away, which erases the whole flash');
    this.stage = 'erasing';
    await this.#bootloader.readoutUnprotect();
    this.stage = 'torn';
    await this.#restarted();
    try {
      return await this.#again(read);
    } catch (error) {
      if (error instanceof Refused && !error.atOnce) return null;
      throw error;
    }
  }

  async #refuseWriteProtected(plans: readonly PagePlan[]): Promise<void> {
    const at = this.#chip!.writeProtection;
    if (at === null) return;
    const [low = 0xff, high = 0xff] = await this.#again(() => this.#bootloader.read(at, 4));
    const bits = low | (high << 8);
    const wrong = plans.map(({ page }) => page.number).filter((number) => ((bits >> number) & 1) === 0);
    if (wrong.length > 0) await this.#unprotectPages(wrong);
  }

  async #unprotectPages(pages: readonly number[]): Promise<void> {
    const which = `${counted(pages.length, 'page')} (${rangeInWords(pages)})`;
    if (!this.#job.unprotect) {
      throw new BoardFault(
        `${which} that the new program needs ${pages.length === 1 ? 'is' : 'are'} protected from writing; --unprotect takes the write protection from the whole flash, and erases these pages`,
      );
    }
    this.#job.say(`taking the write protection away from ${which}`);
    await this.#bootloader.writeUnprotect();
    await this.#restarted();
  }

  /** Pages of the plan that do not hold what they are to hold. */
  async #wrongPages(plans: readonly PagePlan[]): Promise<readonly PagePlan[]> {
    this.#job.say('reading what is there');
    const wrong: PagePlan[] = [];
    for (const plan of plans) {
      if (!(await this.#holds(plan.blocks))) wrong.push(plan);
    }
    // While another page is written nothing may start.
    const [first] = plans;
    return wrong.length === 0 || wrong[0] === first ? wrong : [first!, ...wrong];
  }

  async #holds(blocks: readonly Block[]): Promise<boolean> {
    for (const block of blocks) {
      this.#job.signal.throwIfAborted();
      if ((await this.#expected(block)) !== null) return false;
    }
    return true;
  }

  async #write(plans: readonly PagePlan[]): Promise<void> {
    const { say, signal } = this.#job;
    say(`erasing ${counted(plans.length, 'page')}`);
    await this.#erase(plans);
    const total = plans.reduce((sum, { blocks }) => sum + blocks.length, 0);
    let done = 0;
    const first = plans[0]!.blocks[0];
    for (const plan of plans) {
      for (const block of plan.blocks) {
        // What starts the program comes when all else is there.
        if (block === first) continue;
        signal.throwIfAborted();
        await this.#writeBlock(block, plan, first);
        if (++done % 16 === 0) say(`writing, ${Math.floor((100 * done) / total)} %`);
      }
    }
    signal.throwIfAborted();
    this.stage = 'last block';
    if (first !== undefined) await this.#writeBlock(first, plans[0]!, first);
  }

  /** The page that starts the program goes first, alone: while it is protected nothing else is lost. */
  async #erase(plans: readonly PagePlan[]): Promise<void> {
    const [first, ...others] = plans;
    await this.#eraseFirst(first!);
    if (!(await this.#isErased(first!))) {
      this.#asItWas();
      await this.#unprotectPages([first!.page.number]);
      await this.#eraseFirst(first!);
    }
    this.stage = 'torn';
    await this.#erasePages(others);
    const left: PagePlan[] = [];
    for (const plan of plans) if (!(await this.#isErased(plan))) left.push(plan);
    if (left.length === 0) return;
    await this.#unprotectPages(left.map(({ page }) => page.number));
    await this.#erasePages(left);
  }

  /** Until the page is seen to be blank, it may be as it was. */
  async #eraseFirst(first: PagePlan): Promise<void> {
    this.#job.signal.throwIfAborted();
    if (this.stage === 'as it was') this.stage = 'erasing';
    await this.#erasePages([first]);
  }

  /** A page that was to be erased was not. What was erased before stays erased. */
  #asItWas(): void {
    if (this.stage === 'erasing') this.stage = 'as it was';
  }

  /** Erasing twice does no harm. */
  async #erasePages(plans: readonly PagePlan[]): Promise<void> {
    const numbers = plans.map(({ page }) => page.number);
    for (let i = 0; i < numbers.length; i += this.#bootloader.mostPages) {
      this.#job.signal.throwIfAborted();
      const some = numbers.slice(i, i + this.#bootloader.mostPages);
      await this.#again(() => this.#bootloader.erase(some));
    }
  }

  /** A protected page stays as it is, and the bootloader reports no error (AN3155): a few of its bytes tell. */
  async #isErased({ page }: PagePlan): Promise<boolean> {
    return (await this.#expected({ address: page.address, bytes: BLANK })) === null;
  }

  /** Repeats what was lost. Flash that holds something is never written over: its page is erased and written anew. */
  async #writeBlock(block: Block, plan: PagePlan, first: Block | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#bootloader.write(block.address, block.bytes);
        return;
      } catch (error) {
        await this.#recover(error, attempt);
      }
      const there = await this.#read(block);
      if (sameBytes(there, block.bytes)) return;
      this.#repairs.blocksAgain++;
      if (!isBlank(there)) await this.#rewritePage(plan, block, first);
    }
  }

  /** With what was written before a block, which the caller writes. @param first what is written last */
  async #rewritePage(plan: PagePlan, until: Block, first: Block | undefined): Promise<void> {
    this.#repairs.pagesAgain++;
    await this.#again(() => this.#bootloader.erase([plan.page.number]));
    const before = until === first ? plan.blocks : plan.blocks.slice(0, plan.blocks.indexOf(until));
    for (const block of before) {
      if (block === first) continue;
      await this.#again(() => this.#bootloader.write(block.address, block.bytes));
    }
  }

  async #verify(plans: readonly PagePlan[]): Promise<void> {
    this.#job.say('reading back');
    for (const { blocks } of plans) {
      for (const block of blocks) {
        this.#job.signal.throwIfAborted();
        const there = await this.#expected(block);
        if (there === null) continue;
        const at = there.findIndex((byte, i) => byte !== block.bytes[i]);
        this.stage = 'torn';
        throw new BoardFault(
          `the flash holds ${hexByte(there[at])} at ${hexAddress(block.address + at)}, where ${hexByte(block.bytes[at])} was written`,
        );
      }
    }
  }

  async #start(chip: Chip): Promise<boolean> {
    if (await this.#job.boot.leave()) return true;
    await this.#bootloader.go(chip.flash.address);
    return true;
  }

  /** Reads again what is not as expected: the line may be wrong. @returns null as expected, else what is there */
  async #expected(block: Block): Promise<Uint8Array | null> {
    if (sameBytes(await this.#read(block), block.bytes)) return null;
    const there = await this.#read(block);
    if (!sameBytes(there, block.bytes)) return there;
    this.#repairs.readsAgain++;
    return null;
  }

  #read(block: Block): Promise<Uint8Array> {
    return this.#again(() => this.#bootloader.read(block.address, block.bytes.length));
  }

  /** Does again what was lost on the line; what was refused stays refused. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof Refused && error.atOnce) throw error;
        await this.#recover(error, attempt);
      }
    }
  }

  /** @throws the error, when nothing helps */
  async #recover(error: unknown, attempt: number): Promise<void> {
    const onTheLine = error instanceof HalError && (error.kind === 'timeout' || error.kind === 'protocol');
    if (!onTheLine || attempt === TRIES) throw error;
    this.#repairs.resynchronised++;
    if (!(await this.#bootloader.resync())) throw error;
  }

  /** The chip has reset itself; BOOT0 is as it was. */
  async #restarted(): Promise<void> {
    await pause(this.#job.timers, TIME_LIMIT.restart);
    await this.#bootloader.sync();
  }
}

/** The same error; its sentence says as well what the board is now. */
function withState(error: unknown, stage: Stage, signal: AbortSignal): unknown {
  const state = LEFT_AS[stage];
  if (signal.aborted) return new CannotRun(`interrupted; ${state}`, { cause: error });
  return withWords(error, state);
}

function noCommands(cause: HalError): HalError {
  return new HalError(
    cause.kind,
    `the bootloader answers 7F and no command: has the line the parity of the bootloader, which is even (8E1)`,
    { cause },
  );
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0xff);
}

function nameOf(id: number): string {
  const name = chipOf(id)?.name;
  return name === undefined ? '' : ` (${name})`;
}

function hexByte(byte: number | undefined): string {
  return (byte ?? 0).toString(16).toUpperCase().padStart(2, '0');
}

/** `3`, `0 to 3`, or the first of them. */
function rangeInWords(pages: readonly number[]): string {
  const [first, last] = [pages[0]!, pages.at(-1)!];
  if (pages.length === 1) return `${first}`;
  if (last - first === pages.length - 1) return `${first} to ${last}`;
  const some = pages.slice(0, MOST_NAMED).join(', ');
  return pages.length > MOST_NAMED ? `${some}, …` : some;
}
