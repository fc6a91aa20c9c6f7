import type { CasePage, CaseRun } from '../../api/case.ts';
import { PageLinks } from './page-links.tsx';
import { CASE_MARKS, Failure, LabScreen, Link, useAsked, useTimes, useWords } from './parts.tsx';
import type { Route } from './route.ts';
import type { Session } from './session.tsx';

type CaseRoute = Extract<Route, { page: 'case' }>;

interface CaseProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly route: CaseRoute;
}

/** Runs in which a case did not pass, of one campaign or of all of them, a page at a time. */
export function CasePanel({ session: { call }, entered, route }: CaseProps) {
  const say = useWords();
  const { id, campaign, from, after } = route;
  const query = new URLSearchParams({ id });
  if (campaign !== null) query.set('campaign', String(campaign));
  if (after !== null) query.set('after', after);
  const { view, failure } = useAsked<CasePage>(call, `/v1/cases?${query}`);
  const above =
    from === null
      ? []
      : [{ to: { page: 'campaign', id: from, cells: 'all' } as const, words: say('toCampaign', { id: from }) }];
  return (
    <LabScreen title={say('caseRuns', { id })} entered={entered} above={above}>
      <Failure heard={view !== null} failure={failure} />
      {view?.runs.length === 0 ? <p>{say(view.judged ? 'caseNone' : 'caseNotJudged')}</p> : null}
      <ul class="plain runs">
        {view?.runs.map((each) => (
          <CaseItem key={each.run.id} item={each} />
        ))}
      </ul>
      <PageLinks
        first={after === null ? null : { ...route, after: null }}
        next={view?.after == null ? null : { ...route, after: view.after }}
      >
        {from === null ? null : (
          <Link to={{ ...route, campaign: campaign === null ? from : null, after: null }} className="button">
            {campaign === null ? say('caseInOne', { id: from }) : say('caseInAll')}
          </Link>
        )}
      </PageLinks>
    </LabScreen>
  );
}

function CaseItem({ item: { run, verdict, reason, card, board } }: { readonly item: CaseRun }) {
  const say = useWords();
  const time = useTimes();
  const { mark, words } = CASE_MARKS[verdict];
  const place = [run.subject, run.suite, run.bench, card, board, run.endedAt === null ? null : time(run.endedAt)];
  return (
    <li>
      <span class={`mark ${mark}`}>{say(words)}</span>
      <div>
        <Link to={{ page: 'run', id: run.id }}>
          {say('runLine', { campaign: run.campaign, number: run.number, repetition: run.repetition })}
        </Link>
        <p class="hint">{place.filter(Boolean).join(' · ')}</p>
        {reason === '' ? null : <p class="reason">{reason}</p>}
      </div>
    </li>
  );
}
