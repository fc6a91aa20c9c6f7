/** States of runs, each a column of the counts. */
const COUNTED = ['queued', 'running', 'passed', 'failed', 'error', 'cancelled'] as const;

/**
 * Statements of migration 2, which never change: tables and triggers that count the runs of each cell and of each campaign. A campaign's runs are counted as they come; what
 * changes later is a row of lab_cell_changes for each statement, which the upkeep adds up: benches that end runs of one cell
 * at the same time never wait for each other. A count is the cell's and what has not been added up yet.
 */
export function countedRuns(): readonly string[] {
  const columns = COUNTED.map((state) => `${state} int not null`).join(', ');
  const names = `${COUNTED.join(', ')}, retries`;
  const counted = (sign: '' | '-', of: string): string =>
    `select campaign_id, subject, suite,
       ${COUNTED.map((state) => `${sign}(state = '${state}')::int as ${state}`).join(', ')},
       ${sign}greatest(attempts - 1, 0) as retries from ${of}`;
  const sums = [...COUNTED, 'retries'].map((name) => `sum(${name})`).join(', ');
  const firstCounts = (of: string): readonly string[] => [
    `insert into lab_cells (campaign_id, subject, suite, ${names})
     select campaign_id, subject, suite, ${sums} from (${counted('', of)}) c group by campaign_id, subject, suite
     on conflict (campaign_id, subject, suite) do update set
       ${[...COUNTED, 'retries'].map((name) => `${name} = lab_cells.${name} + excluded.${name}`).join(', ')}`,
    `insert into lab_totals (campaign_id, ${names})
     select campaign_id, ${sums} from (${counted('', of)}) c group by campaign_id
     on conflict (campaign_id) do update set
       ${[...COUNTED, 'retries'].map((name) => `${name} = lab_totals.${name} + excluded.${name}`).join(', ')}`,
  ];
  return [
    `create table lab_cells (
      campaign_id int8 not null references lab_campaigns, subject text not null, suite text not null,
      ${columns}, retries int not null, primary key (campaign_id, subject, suite)) with (fillfactor = 70)`,
    'create index lab_cells_subject on lab_cells (subject, campaign_id)',
    'create index lab_cells_suite on lab_cells (suite, campaign_id)',
    `create table lab_totals (
      campaign_id int8 primary key references lab_campaigns, ${columns}, retries int not null) with (fillfactor = 70)`,
    `create table lab_cell_changes (
      campaign_id int8 not null, id int8 generated always as identity, subject text not null, suite text not null,
      ${columns}, retries int not null, primary key (campaign_id, id))`,
    ...firstCounts('lab_runs'),
    `create function lab_count_new() returns trigger language plpgsql as $$ begin
      ${firstCounts('come').join(';\n')};
      return null; end $$`,
    `create function lab_count_changed() returns trigger language plpgsql as $$ begin
      insert into lab_cell_changes (campaign_id, subject, suite, ${names})
      select campaign_id, subject, suite, ${sums}
      from (${counted('', 'now_so')} union all ${counted('-', 'was_so')}) c
      group by campaign_id, subject, suite
      having ${[...COUNTED, 'retries'].map((name) => `sum(${name}) <> 0`).join(' or ')};
      return null; end $$`,
    `create trigger lab_runs_come after insert on lab_runs
     referencing new table as come for each statement execute function lab_count_new()`,
    `create trigger lab_runs_change after update on lab_runs
     referencing old table as was_so new table as now_so for each statement execute function lab_count_changed()`,
  ];
}
