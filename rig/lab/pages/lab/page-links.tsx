import type { ComponentChildren } from 'preact';
import { Link, useWords } from './parts.tsx';
import type { Route } from './route.ts';

interface PageLinksProps {
  /** Where the list begins; null: it is shown from there. */
  readonly first: Route | null;
  /** Where the list goes on; null: it ends here. */
  readonly next: Route | null;
  /** What the link to there is called. */
  readonly onward?: 'nextPage' | 'olderCampaigns' | 'matrixGoesOn';
  /** Other links of the list. */
  readonly children?: ComponentChildren;
}

/** From a page of a long list to its first and its next one, and nothing where all of it is shown. */
export function PageLinks({ first, next, onward = 'nextPage', children = null }: PageLinksProps) {
  const say = useWords();
  if (first === null && next === null && children === null) return null;
  return (
    <div class="row">
      {first === null ? null : (
        <Link to={first} className="button">
          {say('firstPage')}
        </Link>
      )}
      {next === null ? null : (
        <Link to={next} className="button">
          {say(onward)}
        </Link>
      )}
      {children}
    </div>
  );
}
