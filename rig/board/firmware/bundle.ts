import { join } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import { firmwareFolder } from './board-description.ts';

/**
 * The card's program as one script: what the engine gets.
 * @throws {CannotRun} the bundler is not installed
 */
export async function bundleProgram(entry: string): Promise<string> {
  const { build } = await import('esbuild').catch((cause: unknown) => {
    throw new CannotRun('firmware is bundled by esbuild, which is not installed: run `npm ci`', { cause });
  });
  const result = await build({
    absWorkingDir: firmwareFolder(),
    entryPoints: [join(firmwareFolder(), 'card', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    logLevel: 'silent',
  });
  return (result.outputFiles[0] as { text: string }).text;
}
