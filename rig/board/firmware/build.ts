import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlashNvm } from '../../../src/hal/flash/flash-nvm.ts';
import { flashLife } from '../../../src/hal/flash/life.ts';
import { CannotRun } from '../../console/failure.ts';
import { counted } from '../../report/words.ts';
import { type BoardDescription, firmwareFolder, readBoard } from './board-description.ts';
import { boardHeader, linkerScript } from './board-files.ts';
import { bundleProgram } from './bundle.ts';
import { readElf } from './elf.ts';
import { buildFolder, type Engine, keepFirst, prepareEngine } from './engine.ts';
import { encodeMark } from './mark.ts';
import { runTool } from './run-tool.ts';
import { writeUf2 } from './uf2.ts';

const GCC = 'arm-none-eabi-gcc';
const GCC_PACKAGE = 'gcc-arm-none-eabi libnewlib-arm-none-eabi';

/**
 * `-fno-strict-aliasing`: on this target uint32_t is unsigned long, which the engine also reads as int. `-fwrapv`: it
 * counts on signed overflow.
 */
const CODE_FLAGS = [
  '-Os',
  '-fwrapv',
  '-fno-strict-aliasing',
  '-ffunction-sections',
  '-fdata-sections',
  '-D_GNU_SOURCE',
  '-include',
  'malloc.h',
];

export interface BuildOptions {
  readonly board: string;
  /** Bytes of the card's image. */
  readonly image: Uint8Array;
  readonly folder: string;
  /** The card, with or without its secure channel; or the text of one script. */
  readonly program: { readonly channel: boolean } | { readonly script: string };
  /** Looks at what was made before any file of an earlier build is replaced; what it throws ends the build. */
  readonly judge?: (linked: LinkedFirmware) => Promise<void>;
  /** For tests of the port: `HEAP_SPARE=1000`. */
  readonly defines?: readonly string[];
}

/** Sizes in bytes. */
export interface FirmwareSizes {
  /** Code, bytecode, constants, and the card's image as it was built. */
  readonly code: number;
  /** Of that, the card's program. */
  readonly bytecode: number;
  /** Pages for the card's memory. */
  readonly nvm: number;
  readonly flashLeft: number;
  /** Data, buffers and stack: what is taken before the heap. */
  readonly ram: number;
  readonly heap: number;
}

/** Not delivered yet. */
export interface LinkedFirmware {
  readonly board: BoardDescription;
  readonly elf: string;
  readonly sizes: FirmwareSizes;
}

export interface BuiltFirmware {
  readonly board: BoardDescription;
  readonly engine: string;
  /** `uf2`: null where the board's bootloader takes none. */
  readonly files: { readonly elf: string; readonly bin: string; readonly hex: string; readonly uf2: string | null };
  readonly sizes: FirmwareSizes;
  /** Right codes that the flash takes before its first page is worn out: computed. */
  readonly life: number;
  /** SHA-256 of the ELF file's loadable bytes, BIN. */
  readonly sha256: string;
}

/** @throws {CannotRun} a tool is missing, or it does not fit: what, and by how much */
export async function buildFirmware(
  options: BuildOptions,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<BuiltFirmware> {
  const board = readBoard(options.board);
  checkRoom(board, options.image);
  // Before minutes of work are spent.
  mkdirSync(options.folder, { recursive: true });
  const engine = await prepareEngine(signal, tell);
  const objects = await engineObjects(board, engine, signal, tell);
  // Names and times of folders must not reach the file: all is compiled by relative names in one folder.
  const work = join(buildFolder(), `work-${process.pid}-${board.name}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    tell(`compiling the card for ${board.name}`);
    const { program } = options;
    const defines = (options.defines ?? []).map((each) => `-D${each}`);
    writeFileSync(join(work, 'card.js'), 'script' in program ? program.script : await bundleProgram(program.channel));
    await runTool(engine.compiler, ['-c', '-s', '-N', 'card_program', '-o', 'card_program.c', 'card.js'], {
      cwd: work,
      signal,
      from: 'gcc',
    });
    const bytecode = Number(
      /card_program_size = (\d+)/.exec(readFileSync(join(work, 'card_program.c'), 'utf8'))?.[1] ?? 0,
    );
    writeFileSync(join(work, 'board.h'), boardHeader(board));
    writeFileSync(join(work, 'board.ld'), linkerScript(board, stackOf(board, program)));
    writeFileSync(join(work, 'card.img'), options.image);
    writeFileSync(
      join(work, 'image.s'),
      '.section .image,"a"\n.global card_image, card_image_end\n.balign 4\ncard_image:\n.incbin "card.img"\ncard_image_end:\n',
    );
    writeFileSync(join(work, 'mark.bin'), encodeMark(board));
    writeFileSync(join(work, 'mark.s'), '.section .mark,"a"\n.balign 4\n.incbin "mark.bin"\n');
    const port = ['start.c', 'main.c', 'heap.c', ...board.port];
    for (const name of [...port, 'port.h', 'heap.h', 'registers.h'])
      copyFileSync(join(firmwareFolder(), 'port', name), join(work, name));
    for (const name of ['quickjs.h']) copyFileSync(join(engine.folder, name), join(work, name));
    const parts = [...port, 'card_program.c', 'image.s', 'mark.s'];
    const gcc = (args: readonly string[]): Promise<string> =>
      runTool(GCC, [...board.cpu, ...args], { cwd: work, signal, from: GCC_PACKAGE });
    for (const name of parts) {
      await gcc([...CODE_FLAGS, ...defines, '-Wall', '-Wno-unused-parameter', '-c', name, '-o', `${name}.o`]);
    }
    const ours = parts.map((name) => `${name}.o`);
    await link(gcc, [...ours, ...objects], board);
    await runTool('arm-none-eabi-objcopy', ['-O', 'binary', 'card.elf', 'card.bin'], tool(work, signal));
    await runTool('arm-none-eabi-objcopy', ['-O', 'ihex', 'card.elf', 'card.hex'], tool(work, signal));
    const sizes = await measure(board, bytecode, work, signal);
    await options.judge?.({ board, elf: join(work, 'card.elf'), sizes });
    const family = board.uf2Family ?? null;
    if (family !== null) {
      const segments = readElf(readFileSync(join(work, 'card.elf')), 'card.elf');
      writeFileSync(join(work, 'card.uf2'), writeUf2(segments, family));
    }
    const files = deliver(work, options.folder, board.name, family !== null);
    const sha256 = createHash('sha256').update(readFileSync(files.bin)).digest('hex');
    return { board, engine: engine.words, files, sizes, life: life(board, options.image), sha256 };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Loading the program takes 24 kB, no command of a card with codes alone as much; elliptic curves call deeper. */
const PLAIN_STACK = 32_768;

function stackOf({ stack }: BoardDescription, program: BuildOptions['program']): number {
  return 'channel' in program && !program.channel ? Math.min(stack, PLAIN_STACK) : stack;
}

/** A right VERIFY stores twice: the try that it spends, and the tries that it gives back. About 33 bytes each. */
const CHANGES_OF_VERIFY: readonly number[] = [33];
const FLUSHES_OF_VERIFY = 2;

function life({ nvm }: BoardDescription, image: Uint8Array): number {
  const device = { pageSize: nvm.page, pages: nvm.pages, writeGranule: nvm.granule };
  return Math.floor(flashLife(device, image.length, CHANGES_OF_VERIFY, nvm.endurance).flushes / FLUSHES_OF_VERIFY);
}

/** Whether the board's pages hold the card's memory and its changes. */
function checkRoom({ name, nvm }: BoardDescription, image: Uint8Array): void {
  const least = FlashNvm.pagesFor(image.length, { pageSize: nvm.page, writeGranule: nvm.granule });
  if (least <= nvm.pages) return;
  throw new CannotRun(
    `the card's image of ${image.length} bytes needs ${counted(least, 'page')} of ${nvm.page}; ${name} has ${nvm.pages} for it`,
  );
}

const tool = (cwd: string, signal: AbortSignal): { cwd: string; signal: AbortSignal; from: string } => ({
  cwd,
  signal,
  from: 'binutils-arm-none-eabi',
});

/** The engine compiled for the board's core: done once for each. */
async function engineObjects(
  board: BoardDescription,
  engine: Engine,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<string[]> {
  const folder = join(engine.folder, board.cpu.join('').replaceAll(/[^\w-]/g, '_'));
  const objects = engine.sources.map((source) => join(folder, `${source}.o`));
  if (existsSync(folder)) return objects;
  tell(`compiling ${engine.words} for ${board.cpu[0]}`);
  const fresh = `${folder}.${process.pid}.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const version = `-DCONFIG_VERSION="${engine.words.split(' ')[1]}"`;
  await Promise.all(
    engine.sources.map((source) =>
      runTool(GCC, [...board.cpu, ...CODE_FLAGS, version, '-w', '-c', source, '-o', join(fresh, `${source}.o`)], {
        cwd: engine.folder,
        signal,
        from: GCC_PACKAGE,
      }),
    ),
  );
  keepFirst(fresh, folder);
  return objects;
}

/** The linker's own words for what does not fit become one sentence. */
async function link(
  gcc: (args: readonly string[]) => Promise<string>,
  objects: readonly string[],
  board: BoardDescription,
): Promise<void> {
  const flags = ['--specs=nano.specs', '-nostartfiles', '-Wl,--gc-sections', '-Wl,--build-id=none'];
  try {
    await gcc([...flags, '-Wl,--no-warn-rwx-segments', '-T', 'board.ld', '-o', 'card.elf', ...objects, '-lm']);
  } catch (error) {
    const overflow = /region [`'](flash|ram)' overflowed by (\d+) bytes/.exec((error as Error).message);
    if (overflow === null) throw error;
    const kind = overflow[1] === 'flash' ? 'flash' : 'RAM';
    throw new CannotRun(`does not fit on ${board.name}: ${overflow[2]} bytes of ${kind} too many`, { cause: error });
  }
}

async function measure(
  board: BoardDescription,
  bytecode: number,
  cwd: string,
  signal: AbortSignal,
): Promise<FirmwareSizes> {
  const listed = await runTool('arm-none-eabi-size', ['-A', '-d', 'card.elf'], tool(cwd, signal));
  const size = (section: string): number => Number(new RegExp(`^\\${section}\\s+(\\d+)`, 'm').exec(listed)?.[1] ?? 0);
  const code = size('.vectors') + size('.text') + size('.ARM.exidx') + size('.data');
  const nvm = board.nvm.page * board.nvm.pages;
  // The stack comes last, and what lies between the sections counts too.
  const [, stackSize = '0', stackAt = '0'] = /^\.stack\s+(\d+)\s+(\d+)/m.exec(listed) ?? [];
  const ram = Number(stackAt) + Number(stackSize) - board.ram.origin;
  const heap = board.heap?.size ?? board.ram.size - ram;
  return { code, bytecode, nvm, flashLeft: board.flash.size - code, ram, heap };
}

/** Whole files only, under the board's name. */
function deliver(work: string, folder: string, name: string, uf2: boolean): BuiltFirmware['files'] {
  mkdirSync(folder, { recursive: true });
  const file = (ending: string): string => {
    const target = join(folder, `${name}.${ending}`);
    copyFileSync(join(work, `card.${ending}`), `${target}.tmp`);
    renameSync(`${target}.tmp`, target);
    return target;
  };
  return { elf: file('elf'), bin: file('bin'), hex: file('hex'), uf2: uf2 ? file('uf2') : null };
}
