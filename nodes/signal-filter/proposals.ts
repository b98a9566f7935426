/** What the nodes have learnt, for the editor. Node-RED keeps no list of nodes that a route could ask. */
import type { NodeAPI } from 'node-red';
import type { Proposal } from '../../src/index';

const proposals = new Map<string, () => Proposal>();

export function offerProposal(node: string, propose: () => Proposal): void {
  proposals.set(node, propose);
}

export function withdrawProposal(node: string): void {
  proposals.delete(node);
}

/** GET tracelife/signal-filter/:id/proposal: the rules that a node would propose now; 404 for one that does not run. */
export function registerProposals(RED: NodeAPI): void {
  RED.httpAdmin.get(
    '/tracelife/signal-filter/:id/proposal',
    RED.auth.needsPermission('signal-filter.read'),
    (request, response) => {
      const propose = proposals.get(String(request.params['id']));
      if (propose === undefined) response.status(404).json({ message: 'the node does not run' });
      else response.json(propose());
    },
  );
}
