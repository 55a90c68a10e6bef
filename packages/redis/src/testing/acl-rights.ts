/** What the documentation says that an ACL user needs. */
export const RIGHTS = '&* +@read +@write +@scripting +@connection +@pubsub -@dangerous +info +time'.split(
  ' ',
);
export const RIGHTS_IN_CLUSTER =
  '+cluster|slots +cluster|nodes +cluster|info +asking +readonly +readwrite'.split(' ');
