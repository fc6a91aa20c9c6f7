import { join, relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { CannotRun } from '../../console/failure.ts';
import { firmwareFolder } from './board-description.ts';

/** A file of src, and the file of firmware/card that stands in for it. */
type StandIn = readonly [file: RegExp, standIn: string];

/** On every board. */
const OF_BOARDS: readonly StandIn[] = [
  [/^hal\/crc32\.ts$/, 'crc32.ts'],
  [/^hal\/pn532\/raw-target\.ts$/, 'no-raw.ts'],
];
const WITHOUT_CHANNEL: readonly StandIn[] = [
  [/^applet\/secure-messaging\/(extended-access|pace|pace-offers|secure-channel)\.ts$/, 'no-channel.ts'],
];

/**
 * The card's program as one script: what the engine gets.
 * @param channel false: a card that opens no secure channel, without the code of one
 * @throws {CannotRun} the bundler is not installed
 */
export async function bundleProgram(channel: boolean): Promise<string> {
  const { build } = await import('esbuild').catch((cause: unknown) => {
    throw new CannotRun('firmware is bundled by esbuild, which is not installed: run `npm ci`', { cause });
  });
  const result = await build({
    absWorkingDir: firmwareFolder(),
    entryPoints: [join(firmwareFolder(), 'card', channel ? 'main-with-channel.ts' : 'main.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    logLevel: 'silent',
    plugins: [coreWithoutEffects(channel)],
  });
  return (result.outputFiles[0] as { text: string }).text;
}

/**
 * A module of the core does nothing but define: one of which nothing is used is left out, also where the index of its folder
 * names it.
 */
function coreWithoutEffects(channel: boolean): Plugin {
  const core = join(firmwareFolder(), '..', 'src');
  const standIns = [...OF_BOARDS, ...(channel ? [] : WITHOUT_CHANNEL)];
  return {
    name: 'core',
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path: named, resolveDir }) => {
        const path = join(resolveDir, named);
        const file = relative(core, path).split(sep).join('/');
        if (file.startsWith('..')) return null;
        const standIn = standIns.find(([replaced]) => replaced.test(file));
        return {
          path: standIn === undefined ? path : join(firmwareFolder(), 'card', standIn[1]),
          sideEffects: false,
        };
      });
    },
  };
}
