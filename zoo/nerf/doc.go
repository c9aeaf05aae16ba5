// Package nerf is the view-synthesis family: neural radiance fields (Mildenhall et al. 2020), which learn a scene from views of
// it. A network gives each point of space a density and a colour; a differentiable volume renderer makes pixels of them. The
// renderer has no weights, so direct feedback alignment takes the error below it, exact, at the network's raw output.
//
// The counterparts in PyTorch are the published code's networks of torch.nn.Linear layers: layer1, a ModuleList layers_xyz, fc_alpha,
// fc_feat, a ModuleList layers_dir and fc_rgb, in modules coarse and fine; for nerf-tiny layer1, layer2 and layer3.
//
// Conventions. A ray is an origin and a direction that is not normalised; depth is measured in lengths of the direction. Cameras
// look along their negative z axis. Colours are in [0, 1], images row-major [height, width, 3]. An epoch is 100 iterations.
//
// Where the published code differs from the paper (a trunk of four layers and not eight, without the skip connection), the
// variant "reference", the default, follows the code, whose network the published numbers belong to, and "paper" the paper.
package nerf
