import type { RunPage } from '../../api/run.ts';
import { PageLinks } from './page-links.tsx';
import { Failure, LabScreen, RunList, stateInWords, useAsked, useWords } from './parts.tsx';
import type { Route } from './route.ts';
import type { Session } from './session.tsx';

type RunsRoute = Extract<Route, { page: 'runs' }>;

interface RunsProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly route: RunsRoute;
}

/** Runs of one cell of a matrix, or of a state, a page at a time. */
export function RunsPanel({ session: { call }, entered, route }: RunsProps) {
  const say = useWords();
  const { campaign, subject, suite, state, after } = route;
  const query = new URLSearchParams({ after: String(after) });
  for (const [name, value] of Object.entries({ subject, suite, state })) if (value !== null) query.set(name, value);
  const { view, failure } = useAsked<RunPage>(call, `/v1/campaigns/${campaign}/runs?${query}`);
  const cell = [subject, suite].filter((each) => each !== null).join(' × ');
  const inState = state === null ? null : say('runsInState', { state: stateInWords(say, state) });
  const title = [cell === '' ? null : cell, inState].filter((each) => each !== null).join(' · ');
  return (
    <LabScreen
      title={title === '' ? say('allRuns') : title}
      entered={entered}
      above={[{ to: { page: 'campaign', id: campaign, cells: 'all' }, words: say('toCampaign', { id: campaign }) }]}
    >
      <Failure heard={view !== null} failure={failure} />
      {view?.runs.length === 0 ? <p>{say('noRuns')}</p> : null}
      <RunList runs={view?.runs ?? []} />
      <PageLinks
        first={after === 0 ? null : { ...route, after: 0 }}
        next={view?.after == null ? null : { ...route, after: view.after }}
      />
    </LabScreen>
  );
}
