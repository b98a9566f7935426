import type { NodeAPI } from 'node-red';
import { registerNode } from '../adapter/register-node';
import { registerDryRun } from './dry-run';
import { FilterController } from './filter-controller';
import { readDef, type FilterConfig, type FilterDef } from './filter-def';
import { LOOKS, type FilterState } from './filter-states';
import { offerProposal, registerProposals, withdrawProposal } from './proposals';

module.exports = (RED: NodeAPI): void => {
  registerProposals(RED);
  registerDryRun(RED);
  registerNode<FilterDef, FilterConfig, FilterState>(RED, {
    type: 'signal-filter',
    looks: LOOKS,
    readDef,
    open: (config, surface) => {
      const filter = new FilterController(config, surface);
      offerProposal(surface.id, () => filter.proposal());
      return {
        receive: (message, send) => filter.receive(message, send),
        close: () => {
          withdrawProposal(surface.id);
          filter.close();
        },
      };
    },
  });
};
