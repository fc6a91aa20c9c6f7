import type { CampaignPage, CampaignSummary } from '../../api/campaign.ts';
import { type Change, useLive } from './live.tsx';
import { PageLinks } from './page-links.tsx';
import {
  CountsBar,
  countsInWords,
  Failure,
  LabScreen,
  Link,
  leadingState,
  StateMark,
  useTimes,
  useWords,
} from './parts.tsx';
import { START } from './route.ts';
import type { Session } from './session.tsx';

const EVERY_MS = 3000;

const isOfCampaigns = ({ event }: Change): boolean => event === 'campaign' || event === 'run';

interface CampaignsProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly before: number | null;
}

/** The newest campaigns, each with how far it is. */
export function CampaignsPanel({ session: { call }, entered, before }: CampaignsProps) {
  const say = useWords();
  const { view, failure } = useLive<CampaignPage>(
    call,
    before === null ? '/v1/campaigns' : `/v1/campaigns?before=${before}`,
    isOfCampaigns,
    EVERY_MS,
  );
  return (
    <LabScreen title={say('tabCampaigns')} entered={entered}>
      <Failure heard={view !== null} failure={failure} />
      {view?.campaigns.length === 0 ? <p>{say('noCampaigns')}</p> : null}
      <ul class="plain campaigns">
        {view?.campaigns.map((campaign) => (
          <Campaign key={campaign.id} campaign={campaign} />
        ))}
      </ul>
      <PageLinks
        first={before === null ? null : START}
        next={view?.after == null ? null : { page: 'campaigns', before: view.after }}
        onward="olderCampaigns"
      />
    </LabScreen>
  );
}

function Campaign({ campaign: { id, name, counts, submittedAt, endedAt } }: { readonly campaign: CampaignSummary }) {
  const say = useWords();
  const time = useTimes();
  return (
    <li>
      <div>
        <Link to={{ page: 'campaign', id, cells: 'all' }}>{say('campaign', { id, name })}</Link>
        <p class="hint">
          {say('submittedAt', { time: time(submittedAt) })}
          {endedAt === null ? '' : ` · ${say('endedAt', { time: time(endedAt) })}`}
        </p>
      </div>
      <div>
        <p class="counts">
          <StateMark state={leadingState(counts)} /> <span>{countsInWords(say, counts)}</span>
        </p>
        <CountsBar counts={counts} />
      </div>
    </li>
  );
}
