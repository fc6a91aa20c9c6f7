import type { Statements } from '../../store/sql.ts';
import { audit } from './audit.ts';
import type { IssuerStore } from './store.ts';

/** Stands for every department. */
export const EVERYWHERE = '*';

/** Opens or closes departments, `75`, `2A`, `974` or {@link EVERYWHERE}. @returns those that changed */
export async function changeRollout(
  store: IssuerStore,
  { departments, open, now }: { readonly departments: readonly string[]; readonly open: boolean; readonly now: number },
): Promise<readonly string[]> {
  return store.sql.transaction(async (statements) => {
    const changed: string[] = [];
    for (const department of departments) {
      const rows = open
        ? await statements.query(
            'insert into departments (code, opened_at) values ($1, $2) on conflict do nothing returning code',
            [department, now],
          )
        : await statements.query('delete from departments where code = $1 returning code', [department]);
      if (rows.length === 0) continue;
      changed.push(department);
      await audit(statements, now, open ? 'department-opened' : 'department-closed', { department });
    }
    return changed;
  });
}

export async function openDepartments(
  store: IssuerStore,
): Promise<readonly { readonly department: string; readonly openedAt: number }[]> {
  const rows = await store.sql.query<{ code: string; opened_at: number }>(
    'select code, opened_at from departments order by code',
  );
  return rows.map(({ code, opened_at }) => ({ department: code, openedAt: opened_at }));
}

export async function isOpen(statements: Statements, department: string): Promise<boolean> {
  const rows = await statements.query('select code from departments where code in ($1, $2)', [department, EVERYWHERE]);
  return rows.length > 0;
}
