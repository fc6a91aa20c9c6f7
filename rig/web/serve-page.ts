import { type CommandIo, EXIT, type ExitCode } from '../console/io.ts';
import { packageVersion } from '../console/package-root.ts';
import { shown } from '../console/shown.ts';
import { addPage } from './page-files.ts';
import type { RefusalAnswer } from './refusal.ts';
import { createWebServer, serveUntil, type WebApp } from './server.ts';

export interface ServedPage {
  /** Folder of the built page. */
  readonly folder: string;
  /** Paths at which it stands besides /. */
  readonly at?: readonly string[];
  /** What is served, for the person at the terminal: `the counter`. */
  readonly what: string;
  /** On loopback; 0: any free one. */
  readonly port: number;
  /** Longest answer: one that waits for a card takes a while. */
  readonly answerMs: number;
  readonly routes: (app: WebApp) => void;
  readonly refusalOf: (error: unknown) => RefusalAnswer | null;
}

/**
 * Serves a page on loopback until the signal fires, and prints its address with the secret of this start. Requests are
 * not listed: a page asks every second.
 * @throws {CannotRun} the port is in use; the page was not built
 */
export async function servePage(
  { folder, at: paths = [], what, port, answerMs, routes, refusalOf }: ServedPage,
  io: CommandIo,
): Promise<ExitCode> {
  const server = await createWebServer({
    host: '127.0.0.1',
    port,
    tls: null,
    title: what,
    version: packageVersion(),
    log: () => {},
    fault: (error) => io.stderr(`a fault of vitap: ${shown(error instanceof Error ? error.message : String(error))}\n`),
    refusalOf,
    limits: { answerMs },
  });
  addPage(server.app, folder, paths);
  routes(server.app);
  const at = await server.listen();
  io.stdout(`${what}: ${at.pageAddress()}\nThe address opens it for whoever has it. Ctrl-C ends it.\n`);
  await serveUntil(server, io.signal);
  return EXIT.pass;
}
