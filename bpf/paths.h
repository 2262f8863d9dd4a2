/* Paths of files and cgroups, name by name from the last one up to the root: no lock is taken, and what is
 * read may be another's by then, but never what is not there. */
#pragma once

#include "kernel_types.h"
#include "path_record.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* BYTES[PATH_ROOM], of which USED are. */
struct path_walk {
    char *bytes;
    __u32 used;
    __u32 cut;
    struct dentry *dentry;
    struct vfsmount *mount;
    struct kernfs_node *node;
};

/* False where there is no room. */
static __always_inline int put_name(struct path_walk *walk, const void *name)
{
    __u32 used = walk->used;

    if (used >= PATH_BYTES) {
        walk->cut = 1;
        return 0;
    }
    long length = bpf_probe_read_kernel_str(walk->bytes + (used & (PATH_BYTES - 1)), PATH_NAME_BYTES, name);
    if (length > 0)
        walk->used = used + (__u32)length;
    return 1;
}

/* Each step returns 1 where it was the last one. */

static long step_out_of_mount(struct path_walk *walk)
{
    struct mount *mount = (void *)((char *)walk->mount - bpf_core_field_offset(struct mount, mnt));
    struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

    if (!parent || parent == mount)
        return 1;
    walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    walk->mount = (void *)((char *)parent + bpf_core_field_offset(struct mount, mnt));
    return 0;
}

static long step_up_file(__u32 index, struct path_walk *walk)
{
    struct dentry *dentry = walk->dentry;
    struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
    struct vfsmount *mount = walk->mount;
    (void)index;

    if (dentry == BPF_CORE_READ(mount, mnt_root))
        return step_out_of_mount(walk);
    if (!put_name(walk, BPF_CORE_READ(dentry, d_name.name)))
        return 1;
    walk->dentry = parent;
    return parent == dentry || !parent;
}

static __always_inline struct kernfs_node *node_above(struct kernfs_node *node)
{
    struct kernfs_node___6_15 *newer = (void *)node;

    return bpf_core_field_exists(newer->__parent) ? BPF_CORE_READ(newer, __parent)
                                                  : BPF_CORE_READ(node, parent);
}

static long step_up_cgroup(__u32 index, struct path_walk *walk)
{
    struct kernfs_node *node = walk->node;
    struct kernfs_node *parent = node_above(node);
    (void)index;

    if (!parent || !put_name(walk, BPF_CORE_READ(node, name)))
        return 1;
    walk->node = parent;
    return 0;
}

static __always_inline __u32 at_most(__u32 length, __u32 most)
{
    return length < most ? length : most;
}

/* Both return how many bytes they put, and set FLAGS[CUT] where there were more names. */

static __always_inline __u32 put_file_path(char *bytes, struct file *file, __u32 *flags)
{
    struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
    struct path_walk walk = {.bytes = bytes, .dentry = dentry, .mount = BPF_CORE_READ(file, f_path.mnt)};

    if (!BPF_CORE_READ(dentry, d_hash.pprev))
        *flags |= PATH_DELETED;
    if (bpf_loop(PATH_COMPONENTS, step_up_file, &walk, 0) >= PATH_COMPONENTS || walk.cut)
        *flags |= PATH_CUT;
    return walk.used;
}

static __always_inline __u32 put_cgroup_path(char *bytes, struct cgroup *cgroup, __u32 *flags)
{
    struct path_walk walk = {.bytes = bytes, .node = BPF_CORE_READ(cgroup, kn)};

    if (bpf_loop(PATH_COMPONENTS, step_up_cgroup, &walk, 0) >= PATH_COMPONENTS || walk.cut)
        *flags |= PATH_CGROUP_CUT;
    return walk.used;
}

/* -- whose cgroup -- */

/* NULL where the kernel was built without the controller. */
static __always_inline struct cgroup *memory_cgroup_of(struct css_set *set)
{
    struct cgroup_subsys_state *state = NULL;

    if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
        return NULL;
    __u64 which = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
    bpf_probe_read_kernel(&state, sizeof(state),
                          (char *)set + bpf_core_field_offset(struct css_set, subsys) +
                              which * sizeof(state));
    return state ? BPF_CORE_READ(state, cgroup) : NULL;
}

/* A process's memory cgroup where those are in a hierarchy of v1; else the one of v2, where the controller
 * may not be handed down as far. */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
    struct css_set *set = BPF_CORE_READ(task, cgroups);
    struct cgroup *unified = BPF_CORE_READ(set, dfl_cgrp);
    struct cgroup *memory = memory_cgroup_of(set);

    return memory && BPF_CORE_READ(memory, root) != BPF_CORE_READ(unified, root) ? memory : unified;
}

struct group_search {
    struct kernfs_node *node;
    __u64 id;
    __u32 found;
};

static long step_up_search(__u32 index, struct group_search *search)
{
    struct kernfs_node *node = search->node;
    (void)index;

    search->found = BPF_CORE_READ(node, id) == search->id;
    search->node = node_above(node);
    return search->found || !search->node;
}

/* Whether CGROUP is the one with that ID or lies below it. */
static __always_inline int is_in_cgroup(struct cgroup *cgroup, __u64 id)
{
    struct group_search search = {.node = BPF_CORE_READ(cgroup, kn), .id = id};

    bpf_loop(PATH_PARENTS, step_up_search, &search, 0);
    return search.found;
}
