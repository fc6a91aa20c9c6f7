import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { changeRollout, openDepartments } from '../rollout.ts';
import { department as words } from './init.ts';
import { timeText, withIssuer } from './with-issuer.ts';

export interface RolloutOptions {
  readonly folder: string;
  readonly open: readonly string[];
  readonly close: readonly string[];
}

/** `vitap issuer rollout`: opens and closes departments, and says which are open. */
export async function rollout({ folder, open, close }: RolloutOptions, io: CommandIo): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ store }, now) => {
    const closed = await changeRollout(store, { departments: close, open: false, now });
    const opened = await changeRollout(store, { departments: open, open: true, now });
    const departments = await openDepartments(store);
    if (io.json) {
      writeJson(io, { opened, closed, departments });
      return EXIT.pass;
    }
    for (const each of closed) io.stdout(`${words(each)}: closed now\n`);
    for (const each of opened) io.stdout(`${words(each)}: open now\n`);
    if (departments.length === 0) io.stdout('no department is open: nobody can activate a card\n');
    for (const { department, openedAt } of departments) {
      if (!opened.includes(department)) io.stdout(`${words(department)}: open since ${timeText(openedAt)}\n`);
    }
    return EXIT.pass;
  });
}
