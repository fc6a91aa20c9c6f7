import { openSql } from '../../../rig/store/open.ts';

/** Writes rows until it is killed, and prints the number of each when it is committed. */
try {
  const sql = await openSql(process.argv[2] as string);
  await sql.query('create table if not exists rows (number int primary key)');
  for (let number = 1; ; number++) {
    await sql.query('insert into rows values ($1)', [number]);
    process.stdout.write(`${number}\n`);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
