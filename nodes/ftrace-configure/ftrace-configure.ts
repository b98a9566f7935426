import type { NodeAPI } from 'node-red';
import { registerNode } from '../adapter/register-node';
import { ConfigureController } from './configure-controller';
import { readDef, type ConfigureDef, type ConfigureSettings } from './configure-settings';
import { LOOKS, type ConfigureState } from './configure-states';
import { registerPreflight } from './preflight-route';
import { WatchController, type WatchModeSettings } from './watch-controller';

module.exports = (RED: NodeAPI): void => {
  registerPreflight(RED);
  registerNode<ConfigureDef, ConfigureSettings | WatchModeSettings, ConfigureState>(RED, {
    type: 'ftrace-configure',
    looks: LOOKS,
    readDef,
    open: (settings, surface) =>
      'watch' in settings
        ? new WatchController(settings, surface)
        : new ConfigureController(settings, surface),
  });
};
